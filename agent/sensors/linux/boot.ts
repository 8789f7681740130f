import { hash } from 'node:crypto';
import { join } from 'node:path';
import { nowUs } from '#shared/clock.ts';
import { BoundedFile } from './bounded-file.ts';

/** USER_HZ: the unit of times in /proc/PID/stat, 100 on every architecture Node runs on (proc(5), times(2)). */
const ticksPerSecond = 100;
const tickUs = 1_000_000 / ticksPerSecond;

/** What ties processes to this boot of the host. */
export interface Boot {
  /** /proc/sys/kernel/random/boot_id, or the boot time where that is missing. */
  readonly id: string;
  /** Microseconds since the epoch. */
  readonly at: number;
}

/**
 * Reads the boot's id and time. The time comes from /proc/uptime (to 10 ms) unless it is more than two seconds off
 * `btime` of /proc/stat (to the second), as in containers that are shown an uptime of their own.
 */
export function readBoot(procRoot: string): Boot {
  const file = new BoundedFile(64 * 1024);
  const uptime = Number.parseFloat(file.text(join(procRoot, 'uptime')) ?? '');
  const byUptime = nowUs() - Math.round(uptime * 1_000_000);
  const btime = /^btime (\d{1,12})$/m.exec(file.text(join(procRoot, 'stat')) ?? '')?.[1];
  const byStat = btime === undefined ? Number.NaN : Number(btime) * 1_000_000;
  const near = Math.abs(byUptime - byStat) <= 2_000_000;
  const at = near || Number.isNaN(byStat) ? byUptime : byStat;
  const id = file.text(join(procRoot, 'sys/kernel/random/boot_id'))?.trim() ?? '';
  return { id: id !== '' ? id : `btime-${btime ?? ''}`, at: Number.isFinite(at) ? at : 0 };
}

/** Microseconds since the epoch of a start time in ticks since boot. Never negative. */
export function instantOfTicks(boot: Boot, ticks: number): number {
  return Math.max(0, boot.at + ticks * tickUs);
}

/**
 * Identity of a process that survives reuse of its pid: 20 hex digits over boot, pid and start time in ticks
 * (field 22 of /proc/PID/stat). The same for every sensor and across restarts of the agent.
 */
export function processEntityId(bootId: string, pid: number, startTicks: number): string {
  return hash('sha256', `${bootId}:${pid}:${startTicks}`).slice(0, 20);
}
