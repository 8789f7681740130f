import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** When the first looks of sensors are over, and when what they began to do in the background is. */
const startMs = [10_000, 30_000] as const;
/** Time between later looks at what has grown since: each collection is up to a third of what an idle agent may take a minute. */
const lookMs = 120_000;
/** Growth that is worth a collection. */
const worthBytes = 4 * 1024 ** 2;

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
 * Collects garbage once the first looks are over, and later where memory has grown: what the start left, or a storm of
 * events, is given back. An idle agent allocates too little for V8 to do so by itself; of a busy one it collects itself
 * what is some megabytes more. Takes some 100 ms, in which nothing else is done. Gives the function that ends it.
 */
export function keepMemorySmall(): () => void {
  const collect = collector();
  let leastBytes = 0;
  const give = () => {
    collect(thoroughly);
    leastBytes = process.memoryUsage.rss();
  };
  const look = () => {
    if (process.memoryUsage.rss() - leastBytes >= worthBytes) give();
  };
  const first = startMs.map((ms) => setTimeout(give, ms));
  const again = setInterval(look, lookMs);
  return () => {
    for (const timer of first) clearTimeout(timer);
    clearInterval(again);
  };
}
