import type { LinuxHost } from '../linux/host.ts';
import type { Settings } from '../options.ts';
import type { Emit } from '../sensor.ts';
import { netNamespaceOf } from './connections.ts';
import { SampledSockets } from './sampled.linux.ts';
import type { SocketTotals } from './socket-totals.linux.ts';
import type { Transport } from './sockets.linux.ts';

/** Network namespaces looked into besides the agent's own. */
const maxNamespaces = 64;
/** They are looked into once in so many looks. */
const rotation = 5;

/** Sockets of containers and others that have a network namespace of their own, by way of a process that lives in it. */
export class OtherNamespaces {
  readonly #host: LinuxHost;
  readonly #settings: Settings;
  readonly #totals: SocketTotals;
  readonly #known = new Map<string, SampledSockets>();
  #looks = 0;
  /** Namespaces that were not looked into for their number. */
  left = 0;

  constructor(host: LinuxHost, settings: Settings, totals: SocketTotals) {
    this.#host = host;
    this.#settings = settings;
    this.#totals = totals;
  }

  look(emit: Emit, transports: readonly Transport[]): void {
    const isFirst = this.#looks === 0;
    if (this.#looks++ % rotation !== 0) return;
    const inhabitants = this.#inhabitants();
    for (const [namespace, pid] of inhabitants) {
      const folder = `${this.#settings.procRoot}/${pid}/net`;
      const sockets =
        this.#known.get(namespace) ??
        new SampledSockets(this.#host, this.#settings, this.#totals, { folder, isBaseline: isFirst });
      this.#known.set(namespace, sockets);
      sockets.folder = folder;
      sockets.look(emit, transports);
    }
    for (const [namespace, sockets] of this.#known) {
      if (inhabitants.has(namespace)) continue;
      this.#known.delete(namespace);
      sockets.end(emit);
    }
  }

  /** A process of each namespace but the agent's own. */
  #inhabitants(): Map<string, number> {
    const found = new Map<string, number>();
    const left = new Set<string>();
    for (const entry of this.#host.processes.entries()) {
      const namespace = netNamespaceOf(entry);
      if (namespace === undefined || found.has(namespace) || !/^\d+$/.test(namespace)) continue;
      if (found.size < maxNamespaces) found.set(namespace, entry.pid);
      else left.add(namespace);
    }
    this.left = left.size;
    return found;
  }
}
