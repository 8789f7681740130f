import { endianness } from 'node:os';
import { ipv6Text } from '../network/addresses.linux.ts';

/** Size of struct utmp under glibc on 64-bit machines (utmp(5), bits/utmp.h: 32-bit times on all of them). */
export const utmpRecordBytes = 384;
const bigEndian = endianness() === 'BE';

export const utmpTypes = {
  runLevel: 1,
  bootTime: 2,
  loginProcess: 6,
  userProcess: 7,
  deadProcess: 8,
} as const;

export interface UtmpRecord {
  /** `ut_type`, 0 to 9. */
  readonly type: number;
  readonly pid: number;
  /** Terminal without /dev/, e.g. pts/0; empty where none. */
  readonly line: string;
  readonly user: string;
  readonly host: string;
  /** Canonical text, where an address was recorded. */
  readonly ip: string | undefined;
  /** Microseconds since the epoch. */
  readonly at: number;
}

/** Parses one record of utmp, wtmp or btmp. Undefined for one that is short or of no known type. */
export function parseUtmp(record: Buffer): UtmpRecord | undefined {
  if (record.length < utmpRecordBytes) return undefined;
  const type = bigEndian ? record.readInt16BE(0) : record.readInt16LE(0);
  if (type < 0 || type > 9) return undefined;
  const int = (at: number) => (bigEndian ? record.readInt32BE(at) : record.readInt32LE(at));
  return {
    type,
    pid: int(4),
    line: textAt(record, 8, 32),
    user: textAt(record, 44, 32),
    host: textAt(record, 76, 256),
    ip: addressAt(record, 348),
    at: (int(340) >>> 0) * 1_000_000 + Math.min(999_999, Math.max(0, int(344))),
  };
}

/** Size of struct lastlog (lastlog(8), bits/utmp.h): a 32-bit time, 32 bytes of line, 256 of host. */
export const lastlogRecordBytes = 292;

/** Parses one record of lastlog: the last login of the user whose id is its number. Undefined for one who never was. */
export function parseLastlog(record: Buffer): Pick<UtmpRecord, 'line' | 'host' | 'at'> | undefined {
  if (record.length < lastlogRecordBytes) return undefined;
  const seconds = bigEndian ? record.readUInt32BE(0) : record.readUInt32LE(0);
  if (seconds === 0) return undefined;
  return { line: textAt(record, 4, 32), host: textAt(record, 36, 256), at: seconds * 1_000_000 };
}

/** Text of a fixed field: ends at the first NUL, or fills the field. */
function textAt(record: Buffer, at: number, length: number): string {
  const field = record.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

/** `ut_addr_v6`, in network order: IPv4 uses the first word only. Undefined when all is zero. */
function addressAt(record: Buffer, at: number): string | undefined {
  const bytes = record.subarray(at, at + 16);
  if (bytes.every((byte) => byte === 0)) return undefined;
  return bytes.subarray(4).every((byte) => byte === 0) ? bytes.subarray(0, 4).join('.') : ipv6Text(bytes);
}
