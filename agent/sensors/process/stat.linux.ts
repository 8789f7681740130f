/** What the sensor needs of /proc/PID/stat (proc(5), fields by number). */
export interface ProcessStat {
  /** Field 2, without its parentheses; bytes that are not UTF-8 as U+FFFD. */
  readonly name: string;
  /** Field 4. */
  readonly parentPid: number;
  /** Field 6. */
  readonly sessionId: number;
  /** Field 7: device number of the controlling terminal, 0 for none. */
  readonly ttyNumber: number;
  /** Field 9, bit PF_KTHREAD. */
  readonly kernelThread: boolean;
  /** Fields 3 and 20: dead and not yet waited for. A leader whose other threads live on is not meant. */
  readonly zombie: boolean;
  /** Field 22: ticks since boot. */
  readonly startTicks: number;
  /** Field 48: where the arguments lie. Changes at every exec; 0 where the reader may not trace the process. */
  readonly argStart: number;
}

const openParenthesis = 0x28;
const closeParenthesis = 0x29;
const space = 0x20;
const stateZombie = 0x5a;
/** include/linux/sched.h */
const kernelThreadFlag = 0x0020_0000;
const lastField = 48;
const fields = new Float64Array(lastField + 1);

/**
 * Parses the first `length` bytes of `buffer`. Undefined when they are not a whole stat line. The name may hold
 * spaces, newlines and parentheses: it ends at the last `)`.
 */
export function parseStat(buffer: Uint8Array, length: number): ProcessStat | undefined {
  const open = buffer.indexOf(openParenthesis);
  const close = buffer.subarray(0, length).lastIndexOf(closeParenthesis);
  if (open < 1 || close < open || open >= length) return undefined;
  if (!readNumbers(buffer, close + 4, length) || !plausible()) return undefined;
  return {
    name: decode(buffer, open + 1, close),
    parentPid: fields[4] ?? 0,
    sessionId: fields[6] ?? 0,
    ttyNumber: fields[7] ?? 0,
    kernelThread: ((fields[9] ?? 0) & kernelThreadFlag) !== 0,
    zombie: buffer[close + 2] === stateZombie && (fields[20] ?? 0) <= 1,
    startTicks: fields[22] ?? 0,
    argStart: fields[48] ?? 0,
  };
}

/** Fills `fields` from field 4 on, which begins at `at`; false when there are fewer than 22. */
function readNumbers(buffer: Uint8Array, at: number, length: number): boolean {
  let field = 4;
  let value = 0;
  let negative = false;
  fields[lastField] = 0;
  for (let i = at; i < length && field <= lastField; i++) {
    const byte = buffer[i] ?? space;
    if (byte >= 0x30 && byte <= 0x39) {
      value = value * 10 + (byte - 0x30);
    } else if (byte === space || byte === 0x0a) {
      fields[field++] = negative ? -value : value;
      value = 0;
      negative = false;
    } else if (byte === 0x2d) {
      negative = true;
    } else {
      return false;
    }
  }
  return field > 22;
}

/** Pids, sessions and device numbers are 32-bit; nobody has been up for eighty years. */
function plausible(): boolean {
  const small = (field: number) => Math.abs(fields[field] ?? 0) < 2 ** 32;
  return small(4) && small(6) && small(7) && (fields[22] ?? 0) < 2 ** 38;
}

function decode(buffer: Uint8Array, from: number, to: number): string {
  return Buffer.from(buffer.buffer, buffer.byteOffset + from, to - from).toString('utf8');
}

/** Drivers of terminals by major number (Documentation/admin-guide/devices.txt), with the first minor of each. */
const terminals: readonly (readonly [major: number, firstMinor: number, name: string])[] = [
  [4, 64, 'ttyS'],
  [4, 0, 'tty'],
  [166, 0, 'ttyACM'],
  [188, 0, 'ttyUSB'],
  [204, 64, 'ttyAMA'],
];

/** Name of a terminal from field 7, e.g. pts/0; `major:minor` for a driver not listed; undefined for none. */
export function terminalName(ttyNumber: number): string | undefined {
  if (ttyNumber === 0) return undefined;
  const major = (ttyNumber >>> 8) & 0xfff;
  const minor = (ttyNumber & 0xff) | ((ttyNumber >>> 12) & 0xfff00);
  if (major >= 136 && major <= 143) return `pts/${(major - 136) * 256 + minor}`;
  if (major === 5 && minor === 1) return 'console';
  const driver = terminals.find(([m, first]) => m === major && minor >= first);
  return driver === undefined ? `${major}:${minor}` : `${driver[2]}${minor - driver[1]}`;
}

const containerHash = /[0-9a-f]{64}/g;
const lxc = /\/lxc(?:\.payload)?[./]([^/\n]{1,128})/;

/** Container id from /proc/PID/cgroup: the last 64 hex digits (docker, podman, containerd, cri-o), or LXC's name. */
export function containerOf(cgroup: string): string | undefined {
  return cgroup.match(containerHash)?.at(-1) ?? lxc.exec(cgroup)?.[1];
}

/** Path of the control group from /proc/PID/cgroup: that of version 2 (`0::`), else of the line that comes first. */
export function cgroupOf(cgroup: string): string | undefined {
  return (/^0::(\/[^\n]*)$/m.exec(cgroup) ?? /^\d+:[^:\n]*:(\/[^\n]*)$/m.exec(cgroup))?.[1];
}
