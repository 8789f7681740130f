import type { EventByType } from '#shared/events/registry.gen.ts';

export type ScanEvent = EventByType['network.scan'];

/** Targets told apart in one window. */
export const maxTargets = 1024;
const maxFirstPorts = 32;
/** As many of one kind make a scan one of that kind. */
const many = 10;

export type TargetState = 'waiting' | 'accepted' | 'refused';

interface Target {
  readonly ip: string;
  readonly port: number;
  state: TargetState;
  readonly triedUs: number;
}

/** What one source tried in one window of time. */
export class ScanWindow {
  readonly source: string;
  readonly startUs: number;
  endUs: number;
  isTold = false;
  readonly #targets = new Map<string, Target>();
  #syns = 0;
  #accepted = 0;
  #refused = 0;
  #lastIp = '';
  #isCapped = false;

  constructor(source: string, startUs: number) {
    this.source = source;
    this.startUs = startUs;
    this.endUs = startUs;
  }

  get targets(): number {
    return this.#targets.size;
  }

  get refused(): number {
    return this.#refused;
  }

  /** Targets that have not accepted. */
  get unsuccessful(): number {
    return this.#targets.size - this.#accepted;
  }

  /** Targets that were refused, or have not answered since before that time. */
  failedBefore(timeUs: number): number {
    let failed = this.#refused;
    for (const { state, triedUs } of this.#targets.values()) {
      if (state === 'waiting' && triedUs <= timeUs) failed++;
    }
    return failed;
  }

  tried(ip: string, port: number, timeUs: number): void {
    this.#syns++;
    this.endUs = Math.max(this.endUs, timeUs);
    this.#lastIp = ip;
    const key = `${ip} ${port}`;
    if (this.#targets.has(key)) return;
    if (this.#targets.size >= maxTargets) this.#isCapped = true;
    else this.#targets.set(key, { ip, port, state: 'waiting', triedUs: timeUs });
  }

  settled(ip: string, port: number, state: 'accepted' | 'refused'): void {
    const target = this.#targets.get(`${ip} ${port}`);
    if (target === undefined || target.state === state) return;
    // A port that was refused may be opened later in the window; the first answer stands for accepted ones.
    if (target.state === 'accepted') return;
    if (target.state === 'refused') this.#refused--;
    if (state === 'accepted') this.#accepted++;
    else this.#refused++;
    target.state = state;
  }

  event(action: ScanEvent['event.action']): ScanEvent {
    const hosts = new Set<string>();
    const ports = new Set<number>();
    for (const { ip, port } of this.#targets.values()) {
      hosts.add(ip);
      ports.add(port);
    }
    return {
      type: 'network.scan',
      time: this.endUs,
      'event.action': action,
      'network.scan.kind': kindOf(hosts.size, ports.size),
      'source.ip': this.source,
      'destination.ip': this.#lastIp,
      'event.start': this.startUs,
      'event.end': this.endUs,
      'network.scan.targets': this.#targets.size,
      'network.scan.hosts': hosts.size,
      'network.scan.ports': ports.size,
      'network.scan.syns': this.#syns,
      'network.scan.accepted': this.#accepted,
      'network.scan.refused': this.#refused,
      'network.scan.unanswered': this.#targets.size - this.#accepted - this.#refused,
      'network.scan.capped': this.#isCapped || undefined,
      'network.scan.first_ports': [...ports].slice(0, maxFirstPorts).map(String),
    };
  }
}

function kindOf(hosts: number, ports: number): ScanEvent['network.scan.kind'] {
  if (hosts >= many && ports >= many) return 'both';
  return ports >= hosts ? 'ports' : 'hosts';
}
