/**
 * What amount per window is usual: windows with something in them are averaged with weights that fall by a tenth a
 * window, each taken for at most ten times the average so far, so that one outlier does not become the usual. Windows
 * follow one another in event time. Times in microseconds.
 */
export type Usual = {
  firstAt: number;
  window: number;
  amount: number;
  average: number;
  /** Windows that were averaged. */
  windows: number;
};

const weight = 0.1;
const mostTimes = 10;

export function noUsual(time: number): Usual {
  return { firstAt: time, window: Number.NEGATIVE_INFINITY, amount: 0, average: 0, windows: 0 };
}

/** Adds to the window of the time; one that ended before is averaged. What comes late counts to the window at hand. */
export function addToUsual(usual: Usual, time: number, windowUs: number, amount: number): void {
  const window = Math.floor(time / windowUs);
  if (window > usual.window) {
    if (usual.window > Number.NEGATIVE_INFINITY) average(usual);
    usual.window = window;
    usual.amount = 0;
  }
  usual.amount += amount;
}

function average(usual: Usual): void {
  usual.windows++;
  if (usual.windows === 1) {
    usual.average = usual.amount;
    return;
  }
  const taken = Math.min(usual.amount, Math.max(1, usual.average) * mostTimes);
  // At first a plain mean, then one that forgets.
  usual.average += (taken - usual.average) * Math.max(weight, 1 / usual.windows);
}

/** The usual amount; 0 where nothing is known. */
export function usualOf(usual: Usual): number {
  return usual.average;
}
