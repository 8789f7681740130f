/** Names by bit (include/uapi/linux/capability.h). */
const names = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT ' +
  'SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP ' +
  'MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
).split(' ');
/** AUDIT_READ, the last that every kernel since 3.16 has: later ones are not missing where the kernel has none. */
const lastOld = 37;
const maxSets = 256;
const known = new Map<string, readonly string[] | undefined>();

/**
 * Capabilities of a mask as /proc/PID/status writes it (hex digits): their names with CAP_; `all` and, with a
 * minus, those that are missing where that is shorter; undefined for none. The same array for the same mask.
 */
export function capabilitiesOf(mask: string): readonly string[] | undefined {
  if (!/^[\da-f]{1,16}$/.test(mask)) return undefined;
  if (known.has(mask)) return known.get(mask);
  const bits = BigInt(`0x${mask}`);
  const has = (bit: number) => ((bits >> BigInt(bit)) & 1n) === 1n;
  const held = names.filter((_, bit) => has(bit)).map((name) => `CAP_${name}`);
  const missing = names.filter((_, bit) => bit <= lastOld && !has(bit)).map((name) => `-CAP_${name}`);
  const short = missing.length < held.length ? ['all', ...missing] : held;
  const result = short.length === 0 ? undefined : short;
  if (known.size < maxSets) known.set(mask, result);
  return result;
}
