import { readFileSync } from 'node:fs';

const ticksPerSecond = 100;

/** What a process has cost so far (proc(5): stat, status, smaps_rollup). Linux only. */
export interface ProcessCost {
  readonly cpuS: number;
  readonly rssBytes: number;
  readonly privateBytes: number;
  readonly peakBytes: number;
}

export function costOf(pid: number): ProcessCost {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const memory =
    readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8') + readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(memory)?.[1] ?? 0) * 1024;
  return {
    cpuS: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    rssBytes: bytes('Rss'),
    privateBytes: bytes('Private_Clean') + bytes('Private_Dirty'),
    peakBytes: bytes('VmHWM'),
  };
}
