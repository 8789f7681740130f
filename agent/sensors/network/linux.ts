import { nowUs } from '#shared/clock.ts';
import type { KernelEvents, LinuxHost } from '../linux/host.ts';
import type { Settings } from '../options.ts';
import type { Provider } from '../provider.ts';
import type { Emit } from '../sensor.ts';
import { KernelConnections } from './kernel.linux.ts';
import { OtherNamespaces } from './other-namespaces.linux.ts';
import { SampledSockets } from './sampled.linux.ts';
import { SocketTotals } from './socket-totals.linux.ts';

/**
 * TCP from the kernel's events while the process sensor has them, else by sampling; UDP, which has no connections to
 * tell of, always by sampling.
 */
export class NetworkLinux implements Provider {
  readonly kind = 'linux';
  readonly #host: LinuxHost;
  readonly #settings: Settings;
  readonly #totals = new SocketTotals();
  readonly #sampled: SampledSockets;
  readonly #others: OtherNamespaces;
  #kernel: KernelConnections | undefined;
  /** What `#kernel` lives on. */
  #events: KernelEvents | undefined;
  #lost = 0;
  #whySampled: string | undefined;

  constructor(host: LinuxHost, settings: Settings) {
    this.#host = host;
    this.#settings = settings;
    this.#sampled = new SampledSockets(host, settings, this.#totals, {
      folder: `${settings.procRoot}/net`,
      isBaseline: true,
    });
    this.#others = new OtherNamespaces(host, settings, this.#totals);
  }

  get mode(): 'kernel' | 'sampled' {
    return this.#kernel === undefined ? 'sampled' : 'kernel';
  }

  async open(): Promise<string | undefined> {
    return this.#sampled.isThere() ? undefined : `${this.#settings.procRoot}/net lists no sockets`;
  }

  async look(emit: Emit): Promise<void> {
    this.#leaveKernel();
    const transports = this.#kernel === undefined ? (['tcp', 'udp'] as const) : (['udp'] as const);
    this.#sampled.look(emit, transports);
    this.#others.look(emit, transports);
    const { kernel } = this.#host;
    if (kernel === undefined) return;
    if (this.#events !== kernel) this.#enterKernel(kernel, emit);
    if (this.#kernel?.countsBytes === false) this.#totals.refresh();
    if (this.#kernel !== undefined && kernel.trace.lost !== this.#lost) {
      this.#lost = kernel.trace.lost;
      this.#reconcile(this.#kernel, kernel);
    }
  }

  note(): string | undefined {
    const how =
      this.#kernel === undefined
        ? `sampled${this.#whySampled === undefined ? '' : `, because ${this.#whySampled}`}: connections shorter than the interval are not seen`
        : this.#kernel.note();
    const left =
      this.#others.left > 0 ? `${this.#others.left} network namespaces are not looked into` : undefined;
    return [how, this.#sampled.note(), left].filter((text) => text !== undefined).join('; ') || undefined;
  }

  async close(): Promise<void> {
    this.#kernel?.stop();
    this.#sampled.close();
  }

  #enterKernel(events: KernelEvents, emit: Emit): void {
    this.#events = events;
    const connections = new KernelConnections(this.#host, events, this.#totals, emit);
    const known = this.#sampled.handOver();
    this.#whySampled = connections.start(known);
    if (this.#whySampled === undefined) {
      this.#kernel = connections;
      this.#lost = events.trace.lost;
      // Between the look before and now, connections may have begun and ended.
      this.#reconcile(connections, events);
    } else this.#sampled.takeOver(known);
  }

  /** Makes up for what the kernel's events did not tell, with what /proc shows before and after all they did tell. */
  #reconcile(connections: KernelConnections, { trace }: KernelEvents): void {
    const listedAt = nowUs();
    const before = this.#sampled.present();
    trace.drain();
    const after = this.#sampled.present();
    const steady = new Map([...before].filter(([tuple]) => after.has(tuple)));
    connections.reconcile(before, steady, listedAt);
  }

  /** The kernel's events ended: goes on by sampling from what they told. */
  #leaveKernel(): void {
    if (this.#kernel === undefined || this.#events === this.#host.kernel) return;
    this.#sampled.takeOver(this.#kernel.end());
    this.#kernel = undefined;
    this.#events = undefined;
  }
}
