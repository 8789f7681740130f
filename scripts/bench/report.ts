/** How every benchmark tells its results: readable, and with --json one document as the last line. */
import { cpus, release, totalmem } from 'node:os';

export interface BenchResult {
  readonly name: string;
  readonly value: number;
  /** Base units: `1/s`, `s`, `B`, `ratio`, `count`. */
  readonly unit: string;
  /** What was asked for; absent where nothing was. */
  readonly goal?: number;
  /** Whether a value as small as possible is wanted. */
  readonly less?: true;
}

function isMet({ value, goal, less }: BenchResult): boolean | null {
  if (goal === undefined) return null;
  return less === true ? value <= goal : value >= goal;
}

function shown(value: number, unit: string): string {
  if (unit === 'B' && value < 1024 ** 2) return `${(value / 1024).toFixed(1)} KiB`;
  if (unit === 'B') return `${(value / 1024 / 1024).toFixed(1)} MiB`;
  if (unit === 'ratio') return `${(value * 100).toFixed(2)} %`;
  if (unit === 's' && value < 1e-3) return `${(value * 1e6).toFixed(2)} µs`;
  if (unit === 's') return value < 1 ? `${(value * 1000).toFixed(1)} ms` : `${value.toFixed(2)} s`;
  return `${Math.round(value).toLocaleString('en')}${unit === '1/s' ? '/s' : ''}`;
}

export function machine() {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model ?? '',
    cores: cpus().length,
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
  };
}

export function report(settings: Readonly<Record<string, unknown>>, results: readonly BenchResult[]): void {
  const judged = results.map((r) => ({ ...r, goal: r.goal ?? null, met: isMet(r) }));
  console.log(`machine   ${Object.values(machine()).join(', ')}`);
  console.log(`settings  ${JSON.stringify(settings)}`);
  for (const { name, value, unit, goal, met } of judged) {
    const verdict = goal === null ? '' : `  goal ${shown(goal, unit)}: ${met ? 'met' : 'NOT met'}`;
    console.log(`  ${name.padEnd(44)} ${shown(value, unit).padStart(14)}${verdict}`);
  }
  if (process.argv.includes('--json')) {
    const plain = judged.map(({ less: _, ...r }) => r);
    console.log(JSON.stringify({ machine: machine(), settings, results: plain }));
  }
}

/** The value below which `share` of the values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
