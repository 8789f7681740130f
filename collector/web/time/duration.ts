const steps: readonly (readonly [limitMs: number, unitMs: number, unit: string])[] = [
  [1_000, 1, 'ms'],
  [60_000, 1_000, 's'],
  [3_600_000, 60_000, 'min'],
  [48 * 3_600_000, 3_600_000, 'h'],
  [Number.POSITIVE_INFINITY, 86_400_000, 'd'],
];

/** How long, in one unit: "850 ms", "12 s", "3 min", "5 h", "9 d". */
export function durationWords(ms: number): string {
  const [, unitMs, unit] = steps.find(([limitMs]) => ms < limitMs) ?? [0, 86_400_000, 'd'];
  return `${Math.floor(ms / unitMs)} ${unit}`;
}
