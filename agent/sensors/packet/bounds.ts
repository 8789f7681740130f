import type { PacketSettings } from './settings.ts';

/** Microseconds of a second, in which packets are timed. */
export const secondUs = 1_000_000;

/** What one capture may remember, and for how long. Times are of the packets, not of the clock. */
export interface Bounds {
  /** Flows at once; half of them may be such as only one side has spoken in, so that a flood of SYNs takes no other's place. */
  readonly flows: number;
  /** DNS questions that wait for their answer. */
  readonly questions: number;
  /** Bytes of TCP payload held until a message is whole. */
  readonly streamBytes: number;
  /** Between two events of a flow that goes on. */
  readonly flowReportUs: number;
  /** Targets tried without success by one source in a window, to call it a scan. */
  readonly scanTargets: number;
}

export function boundsOf(settings: PacketSettings): Bounds {
  const { flows, questions, streamBytes, flowReportMs, scanTargets } = settings;
  return { flows, questions, streamBytes, flowReportUs: flowReportMs * 1000, scanTargets };
}
