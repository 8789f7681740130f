/** Numbers of system calls that perl is to make (asm/unistd_64.h, asm-generic/unistd.h). */
const numbers = {
  x64: { memfdCreate: 319, ptrace: 101, writeMemory: 311, bpf: 321 },
  arm64: { memfdCreate: 279, ptrace: 117, writeMemory: 271, bpf: 280 },
} as const;

/** Undefined where they are not known; see `lacksSyscalls`. */
export const syscalls = numbers[process.arch as keyof typeof numbers] as
  | (typeof numbers)[keyof typeof numbers]
  | undefined;

export const lacksSyscalls: string | false =
  syscalls === undefined && `the numbers of system calls of ${process.arch} are not known here`;
