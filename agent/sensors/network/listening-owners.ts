import type { ProcessEntry } from '../process/table.ts';

/** Workers that a server forks, and their workers, accept on the socket it listens on. */
const maxGenerations = 4;
/** Ports of which it is remembered who accepts. */
const maxPorts = 4096;

/** Which processes listen on which TCP port of any address: several may, on different addresses or as equals. */
export class ListeningOwners {
  readonly #pids = new Map<number, number[]>();
  /** Process that accepted last on each port, and ports on which several have. */
  readonly #acceptor = new Map<number, number>();
  readonly #shared = new Set<number>();

  add(port: number, pid: number): void {
    const pids = this.#pids.get(port);
    if (pids === undefined) this.#pids.set(port, [pid]);
    else pids.push(pid);
  }

  /** Takes one socket of the process away. */
  remove(port: number, pid: number): void {
    const pids = this.#pids.get(port);
    const at = pids?.indexOf(pid) ?? -1;
    if (pids === undefined || at < 0) return;
    pids.splice(at, 1);
    if (pids.length > 0) return;
    this.#pids.delete(port);
    this.#acceptor.delete(port);
    this.#shared.delete(port);
  }

  /** A process accepted on the port. */
  accepted(port: number, pid: number): void {
    const former = this.#acceptor.get(port);
    if (former === undefined && this.#acceptor.size >= maxPorts) return;
    this.#acceptor.set(port, pid);
    if (former !== undefined && former !== pid) this.#shared.add(port);
  }

  /** Whether several processes accept on the port, so that the order of calls does not say which took what. */
  isShared(port: number): boolean {
    return this.#shared.has(port) || this.hasSeveralSockets(port);
  }

  /** Whether several sockets listen on the port: which of them a connection came to is not known. */
  hasSeveralSockets(port: number): boolean {
    return (this.#pids.get(port)?.length ?? 0) > 1;
  }

  /** Whether the process, or one it descends from, listens on the port; true where nobody is known to. */
  mayAccept(port: number, pid: number, process: ProcessEntry | undefined): boolean {
    const pids = this.#pids.get(port);
    if (pids === undefined || pids.includes(pid)) return true;
    let ancestor = process?.parent;
    for (let i = 0; i < maxGenerations && ancestor !== undefined; i++) {
      if (pids.includes(ancestor.pid)) return true;
      ancestor = ancestor.parent;
    }
    return false;
  }

  /** The process that listens on the port, if it is one only. */
  onlyOwner(port: number): number | undefined {
    const pids = this.#pids.get(port);
    return pids?.every((pid) => pid === pids[0]) ? pids[0] : undefined;
  }
}
