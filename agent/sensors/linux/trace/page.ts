/**
 * Reads pages of the kernel's ring buffer as `per_cpu/cpuN/trace_pipe_raw` gives them. The form is described by
 * events/header_page and events/header_event of tracefs, and by include/linux/ring_buffer.h. The binary form is read
 * rather than the text of `trace_pipe`, because there a program name with a newline in it could pretend to be a record.
 */
export interface PageLayout {
  /** Bytes of one page with its header. */
  readonly sizeBytes: number;
  readonly commitOffset: number;
  readonly dataOffset: number;
}

/** Above these bits `commit` says that records before this page were overwritten. */
const commitMask = 0x07ff_ffff;
const missedFlag = 0x8000_0000;

const typePadding = 29;
const typeTimeExtend = 30;
const typeTimeStamp = 31;
/** Time deltas have 27 bits in the record's header; what is above them stands in the word after it. */
const deltaRange = 2 ** 27;

/** The time at the begin of a page, and as much of `commit` as is read. */
const timeBytes = 8;
const commitBytes = 4;
/** The kernel's pages have 64 KiB at most, and a few of them may make one here (buffer_subbuf_size_kb). */
const maxPageBytes = 1024 * 1024;

/** Parses events/header_page; undefined when it is not one, or not of a page that could be. */
export function parsePageLayout(text: string): PageLayout | undefined {
  const place = (name: string) =>
    new RegExp(`\\b${name};\\toffset:(\\d{1,7});\\tsize:(\\d{1,7});`).exec(text)?.slice(1).map(Number);
  const [commitOffset] = place('commit') ?? [];
  const [dataOffset, dataSize] = place('data') ?? [];
  if (commitOffset === undefined || dataOffset === undefined || dataSize === undefined) return undefined;
  const sizeBytes = dataOffset + dataSize;
  const isPage =
    commitOffset >= timeBytes && commitOffset + commitBytes <= dataOffset && sizeBytes <= maxPageBytes;
  return isPage ? { sizeBytes, commitOffset, dataOffset } : undefined;
}

/** Told of each record: nanoseconds of the trace clock, and where its data lies in the buffer. */
export type TakeRecord = (timeNs: number, start: number, length: number) => void;

/**
 * Gives every record of the page at `start` of `buffer`, of which `length` bytes were read. Never reads beyond them,
 * whatever they hold. True when records before this page were overwritten: how many, the kernel's `stats` say.
 */
export function readPage(
  buffer: Buffer,
  start: number,
  length: number,
  layout: PageLayout,
  take: TakeRecord,
): boolean {
  if (length < layout.dataOffset) return false;
  const commit = buffer.readUInt32LE(start + layout.commitOffset);
  const used = Math.min(commit & commitMask, length - layout.dataOffset);
  const end = start + layout.dataOffset + used;
  let timeNs = buffer.readUInt32LE(start) + buffer.readUInt32LE(start + 4) * 2 ** 32;
  let at = start + layout.dataOffset;
  while (at + 8 <= end) {
    const header = buffer.readUInt32LE(at);
    const type = header & 0x1f;
    const delta = header >>> 5;
    const word = buffer.readUInt32LE(at + 4);
    if (type === typeTimeExtend || type === typeTimeStamp) {
      const time = word * deltaRange + delta;
      timeNs = type === typeTimeExtend ? timeNs + time : time;
      at += 8;
      continue;
    }
    if (type === typePadding && delta === 0) break;
    timeNs += delta;
    const isLong = type === 0 || type === typePadding;
    const dataLength = isLong ? word - 4 : type * 4;
    const data = at + (isLong ? 8 : 4);
    if (dataLength < 0 || data + dataLength > end) break;
    if (type !== typePadding) take(timeNs, data, dataLength);
    at = data + dataLength;
  }
  return (commit & missedFlag) !== 0;
}
