import { lookup } from 'node:dns/promises';
import { nowUs } from '#shared/clock.ts';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import type { ProviderKind } from '../options.ts';
import type { Provider } from '../provider.ts';
import type { Emit } from '../sensor.ts';
import { boundsOf } from './bounds.ts';
import { loadBinding, type NativeBinding } from './capture/binding.ts';
import { captureFilter, type Level, levels, udpSampling } from './capture/filter.ts';
import type { TakeFrame } from './capture/frame.ts';
import { LiveCapture } from './capture/live-capture.ts';
import { type Packet, udp } from './decode/packet.ts';
import { EventRate } from './event-rate.ts';
import type { Endpoints } from './flow/endpoints.ts';
import { LoadControl } from './load-control.ts';
import type { Owners } from './owners.ts';
import type { PacketSettings } from './settings.ts';
import { Traffic } from './traffic.ts';

/** Longest the packets of one look may hold up the agent, before the capture is given up for a narrower one. */
const maxDrainMs = 100;
/** Events that wait for the owner of their connection to be looked up. */
const maxWaiting = 2048;
/** A capture that could not be opened is not tried again before: each attempt may cost the library some memory. */
const retryMs = 600_000;

const levelWords: Readonly<Record<Level, string>> = {
  full: 'bytes of TCP flows are known by sequence numbers; later fragments are not seen',
  sampled: `over its budget of processor time: flows over UDP are estimated from one packet in ${udpSampling}, and those of small packets not seen`,
  narrow:
    'over its budget of processor time: flows over UDP are not seen, and those of TCP counted at their end',
  least: 'far over its budget of processor time: one connection and one DNS question in 16 are seen',
};

export interface LivePacketsOptions {
  readonly kind: ProviderKind;
  readonly settings: PacketSettings;
  /** Why the agent may not capture; undefined when it may try. */
  readonly whyNot: () => string | undefined;
  readonly owners: Owners | undefined;
}

interface Told {
  readonly event: AnyEvent;
  readonly communityId: string | undefined;
}

/** Packets as they pass through this host. The kernel filters and keeps them; each look takes what has come. */
export class LivePackets implements Provider {
  readonly kind: ProviderKind;
  readonly #options: LivePacketsOptions;
  readonly #traffic: Traffic;
  readonly #rate: EventRate;
  readonly #load: LoadControl;
  #captures: LiveCapture[] = [];
  #level = 0;
  #told: Told[] = [];
  #hasLooked = false;
  #refusal: { readonly reason: string; readonly atMs: number } | undefined;
  /** Drops of each capture that were declared. */
  #declaredDrops = new Map<LiveCapture, number>();
  #missed = 0;

  constructor(options: LivePacketsOptions) {
    const { settings, owners, kind } = options;
    this.kind = kind;
    this.#options = options;
    const nowMs = performance.now();
    this.#rate = new EventRate(settings.eventsPerSecond, nowMs);
    this.#load = new LoadControl(settings.cpuPercent / 100, nowMs);
    this.#traffic = new Traffic({
      bounds: boundsOf(settings),
      isComplete: false,
      onTold: (event, endpoints) => this.#tell(event, endpoints),
      onBegun: (endpoints) => owners?.want(endpoints),
    });
  }

  get mode(): 'sampled' | 'kernel' {
    return this.#level === 0 ? 'kernel' : 'sampled';
  }

  async open(): Promise<string | undefined> {
    if (this.#options.settings.capture === 'off') return 'turned off by the setting packetCapture';
    const why = this.#options.whyNot();
    if (why !== undefined) return why;
    if (this.#refusal !== undefined && performance.now() - this.#refusal.atMs < retryMs)
      return this.#refusal.reason;
    const reason = await this.#openCaptures();
    this.#refusal = reason === undefined ? undefined : { reason, atMs: performance.now() };
    return reason;
  }

  async look(emit: Emit): Promise<void> {
    if (this.#captures.length === 0) {
      const reason = await this.open();
      if (reason !== undefined) throw new Error(reason);
    }
    const nowMs = performance.now();
    this.#rate.refill(nowMs);
    // What is there at the first look came before the sensor was started.
    const isAll = !this.#hasLooked || this.#drain();
    this.#hasLooked = true;
    const spentMs = performance.now() - nowMs;
    this.#options.owners?.settle();
    this.#emitTold(emit);
    this.#countDrops();
    for (const loss of this.#rate.declare()) emit(loss);
    await this.#adapt(spentMs, !isAll);
  }

  note(): string {
    const parts = [levelWords[this.#levelName]];
    if (this.#missed > 0) parts.push(`${this.#missed} packets were missed`);
    const { flows, streams, scanWindows } = this.#traffic.givenUp;
    const given = flows + streams + scanWindows;
    if (given > 0)
      parts.push(`bounds gave up ${flows} flows, ${streams} messages and ${scanWindows} sources early`);
    return parts.join('; ');
  }

  lost(): number {
    return this.#rate.lost;
  }

  async close(): Promise<void> {
    await this.#closeCaptures();
    this.#told = [];
  }

  get #levelName(): Level {
    return levels[this.#level] ?? 'least';
  }

  /** False when there were more packets than the time allows. */
  #drain(): boolean {
    let isAll = true;
    const mostMs = maxDrainMs / this.#captures.length;
    const weightOf = this.#levelName === 'sampled' ? sampledWeight : undefined;
    for (const capture of this.#captures) {
      const take: TakeFrame = (bytes, start, end, wireLength, timeUs, linkType) =>
        this.#traffic.take(bytes, start, end, wireLength, timeUs, linkType, weightOf);
      isAll = capture.drain(take, mostMs) && isAll;
    }
    this.#traffic.advance(nowUs());
    return isAll;
  }

  #tell(event: AnyEvent, endpoints: Endpoints | undefined): void {
    if (this.#rate.admit(event.type)) this.#told.push({ event, communityId: endpoints?.communityId });
  }

  #emitTold(emit: Emit): void {
    const { owners } = this.#options;
    const waiting: Told[] = [];
    for (const told of this.#told) {
      const owner = told.communityId === undefined ? undefined : owners?.ownerOf(told.communityId);
      if (owner === 'wanted' && waiting.length < maxWaiting) waiting.push(told);
      else {
        const fields = owner === 'wanted' ? undefined : owner;
        emit({ ...told.event, 'event.provider': 'pcap', ...fields } as AnyEvent);
      }
    }
    this.#told = waiting;
  }

  #countDrops(): void {
    for (const capture of this.#captures) {
      const { dropped } = capture.stats;
      const more = dropped - (this.#declaredDrops.get(capture) ?? 0);
      this.#declaredDrops.set(capture, dropped);
      this.#rate.miss(more);
      this.#missed += Math.max(0, more);
    }
  }

  async #adapt(spentMs: number, overran: boolean): Promise<void> {
    const verdict = this.#load.measure(spentMs, performance.now(), overran);
    const level = this.#level + (verdict === 'narrow' ? 1 : verdict === 'widen' ? -1 : 0);
    const wanted = Math.max(0, Math.min(levels.length - 1, level));
    if (wanted === this.#level && !this.#captures.some((capture) => capture.isOver)) return;
    this.#level = wanted;
    await this.#closeCaptures();
    // When that fails, the next look says why.
    await this.open();
  }

  /** Opens a capture on each device; none stays open when one is refused. */
  async #openCaptures(): Promise<string | undefined> {
    const binding = loadBinding();
    if (typeof binding === 'string') return binding;
    const { settings } = this.#options;
    const filter = captureFilter({
      level: this.#levelName,
      collector: await addressesOf(settings.collector),
      extra: settings.filter,
    });
    for (const device of devicesOf(binding, settings)) {
      const { ringBytes, snapBytes } = settings;
      const capture = await LiveCapture.open({ binding, device, filter, ringBytes, snapBytes });
      if (typeof capture === 'string') {
        await this.#closeCaptures();
        return capture;
      }
      this.#captures.push(capture);
    }
    return this.#captures.length > 0 ? undefined : 'there is no interface to capture on';
  }

  async #closeCaptures(): Promise<void> {
    const captures = this.#captures;
    this.#captures = [];
    this.#declaredDrops.clear();
    await Promise.all(captures.map((capture) => capture.close()));
  }
}

/** Of a sampled capture: UDP that is not let through for its port. */
function sampledWeight(packet: Packet): number {
  return packet.transport === udp ? udpSampling : 1;
}

/** Linux has a device that stands for all; elsewhere the first interface does. */
function devicesOf(binding: NativeBinding, settings: PacketSettings): readonly string[] {
  if (settings.interfaces.length > 0) return settings.interfaces;
  if (process.platform === 'linux') return ['any'];
  const device = binding.default_device();
  return device === undefined ? [] : [device];
}

/** Addresses of `host:port` by its own name service; none when it cannot be resolved now. */
async function addressesOf(collector: string) {
  const colon = collector.lastIndexOf(':');
  const port = Number(collector.slice(colon + 1));
  if (colon < 1 || !Number.isInteger(port)) return undefined;
  const host = collector.slice(0, colon).replace(/^\[|\]$/g, '');
  try {
    const found = await lookup(host, { all: true });
    return { addresses: found.map(({ address }) => address), port };
  } catch {
    return undefined;
  }
}
