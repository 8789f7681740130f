import { closeSync, constants, openSync, readSync, realpathSync } from 'node:fs';
import { withoutStack } from '../linux/without-stack.ts';

/** Paths remembered; all are forgotten together, at the latest after `forgetMs`, as files change. */
const maxPaths = 1024;
const forgetMs = 60_000;
/** Interpreters of interpreters the kernel follows (fs/exec.c). */
const maxInterpreters = 5;
/** The kernel reads no more of a script's first line (BINPRM_BUF_SIZE). */
const firstLineBytes = 256;
/** A pipe or a terminal may have taken the program's place: neither holds up who opens or reads it. */
const openFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Which file runs when a path is executed: symbolic links followed, and for a script its interpreter, as
 * /proc/PID/exe would say it. Only right for paths of the agent's own mount namespace.
 */
export class ProgramPaths {
  readonly #known = new Map<string, string | undefined>();
  readonly #line = Buffer.alloc(firstLineBytes);
  #forgotAtMs = 0;

  /** Undefined when the path is not absolute or cannot be seen. */
  programOf(path: string): string | undefined {
    if (!path.startsWith('/')) return undefined;
    const nowMs = Date.now();
    if (this.#known.size >= maxPaths || Math.abs(nowMs - this.#forgotAtMs) >= forgetMs) {
      this.#known.clear();
      this.#forgotAtMs = nowMs;
    }
    if (!this.#known.has(path)) this.#known.set(path, this.#find(path, maxInterpreters));
    return this.#known.get(path);
  }

  #find(path: string, depth: number): string | undefined {
    try {
      const real = withoutStack(() => realpathSync.native(path));
      const interpreter = depth > 0 ? this.#interpreterOf(real) : undefined;
      return interpreter === undefined ? real : this.#find(interpreter, depth - 1);
    } catch {
      return undefined;
    }
  }

  #interpreterOf(path: string): string | undefined {
    const fd = withoutStack(() => openSync(path, openFlags));
    try {
      const length = readSync(fd, this.#line, 0, firstLineBytes, 0);
      return /^#![ \t]*(\/[^\s\0]*)/.exec(this.#line.toString('utf8', 0, length))?.[1];
    } finally {
      closeSync(fd);
    }
  }
}
