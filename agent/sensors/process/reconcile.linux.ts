import { nowUs } from '#shared/clock.ts';
import type { LinuxHost } from '../linux/host.ts';
import type { KernelTrace } from '../linux/trace/kernel-trace.linux.ts';

/** Microseconds by which the start of a process as /proc has it may be off: a tick of 10 ms, and as much for boot. */
const inexactUs = 20_000;

/**
 * Compares what the kernel's events told of the processes with what /proc shows, and makes up for the difference:
 * processes that are not there have ended, those nobody told of have begun. With `hadLoss`, every process is read
 * again, as it may have run another program.
 */
export function reconcile(host: LinuxHost, trace: KernelTrace, hadLoss: boolean): void {
  const { processes, reader } = host;
  const listedAt = nowUs();
  const pids = new Set(host.listPids());
  // Whatever happened before the list was made has been told after this.
  trace.drain();
  for (const entry of processes.entries()) {
    if (!pids.has(entry.pid) && entry.startAt < listedAt - inexactUs) processes.end(entry.pid, listedAt);
  }
  for (const pid of pids) {
    const known = processes.get(pid);
    if (known !== undefined && !hadLoss) continue;
    const stat = reader.facts.stat(pid);
    if (stat === undefined || stat.zombie) continue;
    const facts = reader.facts.facts(pid, stat);
    if (known !== undefined || facts.startAt < listedAt - inexactUs) processes.put(facts, listedAt);
  }
}
