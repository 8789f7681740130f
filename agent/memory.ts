import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Long enough for the first looks to be over. */
const firstMs = 10_000;
const againMs = 600_000;

/** V8's collector as a function, which it shows only on request. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/**
 * Collects garbage once the first looks are over, and now and then after that. An idle agent allocates too little
 * for V8 to do so by itself, and would keep what the inventory of packages left, 4 MB of it. Takes some 15 ms.
 * Gives the function that ends it.
 */
export function keepMemorySmall(): () => void {
  const collect = collector();
  const first = setTimeout(collect, firstMs);
  const again = setInterval(collect, againMs);
  return () => {
    clearTimeout(first);
    clearInterval(again);
  };
}
