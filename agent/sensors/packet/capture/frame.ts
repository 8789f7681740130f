/**
 * Told of each frame: it is `bytes` from `start` to `end`, good for the length of the call, and was `wireLength` bytes
 * long on the wire.
 */
export type TakeFrame = (
  bytes: Buffer,
  start: number,
  end: number,
  wireLength: number,
  timeUs: number,
  linkType: number,
) => void;

/** Longest frame, as libpcap has it (MAXIMUM_SNAPLEN). */
export const maxFrameBytes = 262_144;

/** What a reader of one file format gives for a stretch of the file. */
export type FormatStep =
  /** Whole records were taken up to here; beyond the stretch when a record that matters not reaches further. */
  | { readonly kind: 'taken'; readonly to: number }
  | { readonly kind: 'damaged'; readonly at: number; readonly why: string };

export interface CaptureFormat {
  readonly name: 'pcap' | 'pcapng';
  /** Takes every whole record of `bytes` from `from` to `to`. */
  feed(bytes: Buffer, from: number, to: number, take: TakeFrame): FormatStep;
}

/** Latest instant an event may have; what lies beyond is no time. */
const maxTimeUs = 2 ** 52;

/** The time, or the one before where a damaged file gives none that can be. */
export function saneTime(timeUs: number, before: number): number {
  return timeUs >= 0 && timeUs <= maxTimeUs ? timeUs : before;
}
