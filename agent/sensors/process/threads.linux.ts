import { readdirSync } from 'node:fs';

/** Threads remembered; of others the process is asked of /proc while they live. */
const maxThreads = 131_072;

/** Which process each thread belongs to, leaders aside, whose thread id is the process's. */
export class Threads {
  readonly #processOf = new Map<number, number>();

  /** Reads the threads that are there, of these processes. */
  read(procRoot: string, pids: Iterable<number>): void {
    for (const pid of pids) {
      try {
        for (const name of readdirSync(`${procRoot}/${pid}/task`)) this.add(Number(name), pid);
      } catch {
        // Gone since it was listed.
      }
    }
  }

  add(tid: number, pid: number): void {
    if (tid !== pid && this.#processOf.size < maxThreads) this.#processOf.set(tid, pid);
  }

  /** Undefined for leaders and for threads that are not known. */
  processOf(tid: number): number | undefined {
    return this.#processOf.get(tid);
  }

  /** The thread ended: gives its process, if it was known as a thread. */
  end(tid: number): number | undefined {
    const pid = this.#processOf.get(tid);
    if (pid !== undefined) this.#processOf.delete(tid);
    return pid;
  }

  clear(): void {
    this.#processOf.clear();
  }
}
