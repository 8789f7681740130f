/** What the packet sensor is told, with every default in one place. */
export interface PacketSettings {
  /** `off` opens no capture at all. */
  readonly capture: 'auto' | 'off';
  /** Interfaces to capture on; none means all of them. */
  readonly interfaces: readonly string[];
  /** A capture filter (pcap-filter(7)) that packets must pass as well; empty for none. */
  readonly filter: string;
  /** Bytes kept of each packet. */
  readonly snapBytes: number;
  /** Size of the ring the kernel puts packets in, per interface named. */
  readonly ringBytes: number;
  /** Percent of one processor that decoding may take for long; above it the filter is narrowed. */
  readonly cpuPercent: number;
  /** Events per second told for long; more are counted as lost. */
  readonly eventsPerSecond: number;
  readonly flows: number;
  readonly questions: number;
  readonly streamBytes: number;
  readonly flowReportMs: number;
  readonly scanTargets: number;
  /** The agent's own talk with its collector, which is left out: `host:port`. */
  readonly collector: string;
}

export const defaultPacketSettings: PacketSettings = Object.freeze({
  capture: 'auto',
  interfaces: [],
  filter: '',
  snapBytes: 4096,
  ringBytes: 1.5 * 1024 * 1024,
  cpuPercent: 2,
  eventsPerSecond: 500,
  flows: 4096,
  questions: 2048,
  streamBytes: 2 * 1024 * 1024,
  flowReportMs: 300_000,
  scanTargets: 20,
  collector: '',
});
