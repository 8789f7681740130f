import { addDistinct, countDistinct, type Distinct, noneDistinct } from './distinct.ts';

/**
 * Distinct texts of the last while: of the generation at hand and the one before it, so of one to two windows. Times
 * in microseconds.
 */
export type RollingDistinct = {
  startedAt: number;
  firstAt: number;
  now: Distinct;
  before: Distinct | null;
};

const none = noneDistinct();

export function rollingAt(time: number): RollingDistinct {
  return { startedAt: time, firstAt: time, now: noneDistinct(), before: null };
}

/** Lets go of what is too old. Gives whether a generation ended, when other counts of the window begin anew too. */
export function roll(rolling: RollingDistinct, time: number, windowUs: number): boolean {
  if (time < rolling.startedAt + windowUs) return false;
  const isNext = time < rolling.startedAt + 2 * windowUs;
  rolling.before = isNext ? rolling.now : null;
  rolling.firstAt = isNext ? rolling.startedAt : time;
  rolling.now = noneDistinct();
  rolling.startedAt = time;
  return true;
}

/** Gives whether the count may be another since. */
export function addRolling(rolling: RollingDistinct, value: string): boolean {
  return addDistinct(rolling.now, value);
}

export function countRolling({ now, before }: RollingDistinct): number {
  return countDistinct(now, before ?? none);
}
