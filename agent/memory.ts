import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Long enough for the first looks to be over. */
const firstMs = 10_000;
const againMs = 600_000;

/** V8's collector as a function, which it shows only on request. */
function collector(): (options: object) => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as (options: object) => void;
}

/**
 * As V8 collects before it would give up for want of memory: again until nothing more is found, with sparse pages
 * emptied and what is empty given back (src/extensions/gc-extension.h). A usual collection gives nothing back here.
 */
const thoroughly = { type: 'major', execution: 'sync', flavor: 'last-resort' } as const;

/**
 * Collects garbage once the first looks are over, and now and then after that. An idle agent allocates too little
 * for V8 to do so by itself, and would keep what its start left, 8 MB of it. Takes some 50 ms. Gives the function
 * that ends it.
 */
export function keepMemorySmall(): () => void {
  const collect = collector();
  const first = setTimeout(() => collect(thoroughly), firstMs);
  const again = setInterval(() => collect(thoroughly), againMs);
  return () => {
    clearTimeout(first);
    clearInterval(again);
  };
}
