import { nowUs } from '#shared/clock.ts';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import type { ProviderKind } from '../options.ts';
import type { Provider } from '../provider.ts';
import type { Emit } from '../sensor.ts';
import { boundsOf } from './bounds.ts';
import { CaptureSet } from './capture/capture-set.ts';
import { flowSampling, type Level, levels, udpSampling } from './capture/filter.ts';
import type { TakeFrame } from './capture/frame.ts';
import { type Packet, udp } from './decode/packet.ts';
import { EventRate } from './event-rate.ts';
import type { Endpoints } from './flow/endpoints.ts';
import { LoadControl } from './load-control.ts';
import type { Owners } from './owners.ts';
import type { PacketSettings } from './settings.ts';
import { Traffic } from './traffic.ts';

/** Longest the packets of one look may hold up the agent; the rest is skipped, and the filter narrowed. */
const maxDrainMs = 100;
/** So many packets in one go, and the ring is read again before the next look, after so long. */
const busyPackets = 1000;
const busyMs = 100;
/** Events that wait for the owner of their connection to be looked up. */
const maxWaiting = 2048;
/** A capture that could not be opened is not tried again before: each attempt may cost the library some memory. */
const retryMs = 600_000;

const levelWords: Readonly<Record<Level, string>> = {
  full: 'bytes of TCP flows are known by sequence numbers; later fragments are not seen',
  sampled: `over its budget of processor time: flows over UDP are estimated from one packet in ${udpSampling}, and those of small packets not seen`,
  narrow: 'over its budget of processor time: flows over UDP are not seen',
  least: `far over its budget of processor time: one connection and one DNS question in ${flowSampling} are seen`,
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
  readonly #captures: CaptureSet;
  #level = 0;
  #told: Told[] = [];
  #hasLooked = false;
  #refusal: { readonly reason: string; readonly atMs: number } | undefined;
  #busyTimer: NodeJS.Timeout | undefined;
  /** Time spent on packets since the load was last measured, and whether that was too little for all. */
  #spentMs = 0;
  #overran = false;

  constructor(options: LivePacketsOptions) {
    const { settings, owners, kind } = options;
    this.kind = kind;
    this.#options = options;
    this.#captures = new CaptureSet(settings);
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
    const reason = await this.#captures.open(this.#levelName);
    this.#refusal = reason === undefined ? undefined : { reason, atMs: performance.now() };
    return reason;
  }

  async look(emit: Emit): Promise<void> {
    if (!this.#captures.isOpen) {
      const reason = await this.open();
      if (reason !== undefined) throw new Error(reason);
    }
    const nowMs = performance.now();
    this.#rate.refill(nowMs);
    // What is there at the first look came before the sensor was started.
    if (this.#hasLooked) this.#drain();
    this.#hasLooked = true;
    this.#options.owners?.settle();
    this.#emitTold(emit);
    this.#rate.miss(this.#captures.takeDrops());
    for (const loss of this.#rate.declare()) emit(loss);
    await this.#adapt();
  }

  note(): string {
    const parts = [levelWords[this.#levelName]];
    const { missedPackets, shedEvents } = this.#rate;
    if (missedPackets > 0) parts.push(`${missedPackets} packets were missed`);
    if (shedEvents > 0) parts.push(`${shedEvents} events were over the bound per second`);
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
    clearTimeout(this.#busyTimer);
    await this.#captures.close();
    this.#told = [];
  }

  get #levelName(): Level {
    return levels[this.#level] ?? 'least';
  }

  #drain(): void {
    clearTimeout(this.#busyTimer);
    const beganMs = performance.now();
    const before = this.#traffic.counts.packets;
    const weightOf = this.#levelName === 'sampled' ? sampledWeight : undefined;
    const take: TakeFrame = (bytes, start, end, wireLength, timeUs, linkType) =>
      this.#traffic.take(bytes, start, end, wireLength, timeUs, linkType, weightOf);
    if (!this.#captures.drain(take, maxDrainMs)) this.#overran = true;
    this.#traffic.advance(nowUs());
    this.#spentMs += performance.now() - beganMs;
    if (this.#traffic.counts.packets - before < busyPackets) return;
    this.#busyTimer = setTimeout(() => this.#drain(), busyMs);
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

  async #adapt(): Promise<void> {
    const verdict = this.#load.measure(this.#spentMs, performance.now(), this.#overran);
    this.#spentMs = 0;
    this.#overran = false;
    const level = this.#level + (verdict === 'narrow' ? 1 : verdict === 'widen' ? -1 : 0);
    const wanted = Math.max(0, Math.min(levels.length - 1, level));
    if (wanted === this.#level && !this.#captures.isBroken) return;
    this.#level = wanted;
    clearTimeout(this.#busyTimer);
    await this.#captures.close();
    // When that fails, the next look says why.
    await this.open();
  }
}

/** Of a sampled capture: UDP that is not let through for its port. */
function sampledWeight(packet: Packet): number {
  return packet.transport === udp ? udpSampling : 1;
}
