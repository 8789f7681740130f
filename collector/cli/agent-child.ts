import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Logger } from 'pino';

export interface AgentChildOptions {
  readonly data: string;
  /** `host:port` of the collector's agents' side. */
  readonly address: string;
  /** Makes an enrolment token for this host. */
  readonly token: () => Promise<string>;
  readonly logger: Logger;
}

const launcher = fileURLToPath(new URL('../../scripts/vedette.mjs', import.meta.url));
/**
 * Memory is what a host notices of its agent: a small young generation; an old one that is collected before it has
 * doubled, because V8 lets a heap grow by less the less it may have; one helper thread; neither of the compilers that
 * optimize: the quick one takes 3 MiB of an idle agent, its own code among them, for a tenth of the time of a busy one,
 * the other as much again; and code that the last collections found unused is thrown away, that of the start above all,
 * more than 1 MiB.
 */
export const agentNodeFlags = [
  '--max-semi-space-size=2',
  '--max-old-space-size=512',
  '--v8-pool-size=1',
  '--no-turbofan',
  '--no-maglev',
  '--flush-baseline-code',
  '--bytecode-old-age=1',
  '--optimize-for-size',
] as const;

/**
 * For glibc (mallopt(3)): one arena that gives back what it does not need, and allocations of 16 KiB and more apart from
 * it. What loading and compiling code leaves free between things that stay was twice as much as those.
 */
export const agentEnvironment = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '131072',
  MALLOC_MMAP_THRESHOLD_: '16384',
} as const;

const enrolMs = 30_000;
const maxWaitMs = 30_000;
const steadyMs = 60_000;
const stopMs = 6000;

/** The agent of this host in a process of its own, started again when it ends. */
export class AgentChild {
  readonly #o: AgentChildOptions;
  #child: ChildProcess | undefined;
  #isStopping = false;
  #waitMs = 500;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AgentChildOptions) {
    this.#o = options;
  }

  /** Enrols the host if it has to, then starts the agent. Rejects when enrolment fails. */
  async start(): Promise<void> {
    await this.#enrol();
    if (!this.#isStopping) this.#spawn();
  }

  /** In a process of its own, because what makes certificate requests would stay in the agent's memory. */
  async #enrol(): Promise<void> {
    const { data, address } = this.#o;
    // Used only when this host has no identity of this collector yet; else it lapses.
    const env = { ...process.env, VEDETTE_TOKEN: await this.#o.token() };
    const args = [launcher, 'enroll', '--json', '--data', data, '--address', address];
    try {
      await promisify(execFile)(process.execPath, args, { env, timeout: enrolMs });
    } catch (error) {
      const said = (error as { stderr?: string }).stderr?.trim();
      throw new Error(said || (error as Error).message);
    }
  }

  #spawn(): void {
    const { data, address } = this.#o;
    const args = [...agentNodeFlags, launcher, 'agent', '--json', '--data', data, '--address', address];
    const child = spawn(process.execPath, args, {
      // The agent ends when its standard input does, so it does not outlive a parent that was killed.
      stdio: ['pipe', 'ignore', 'pipe'],
      // The compile cache would keep what it read for as long as the agent lives.
      env: { ...process.env, ...agentEnvironment, NODE_COMPILE_CACHE: undefined, VEDETTE_CHILD: '1' },
    });
    this.#child = child;
    const beganMs = performance.now();
    createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => this.#relay(line));
    child.on('error', (error) => this.#o.logger.error({ error: error.message }, 'the agent did not start'));
    child.on('exit', (code, signal) => this.#ended(code, signal, performance.now() - beganMs));
  }

  #relay(line: string): void {
    try {
      const { what, at: _, ...rest } = JSON.parse(line) as { what?: string; at?: string; error?: unknown };
      const isTrouble =
        what === 'problem' || what === 'disconnected' || what === 'batch-refused' || what === undefined;
      this.#o.logger[isTrouble ? 'warn' : 'info'](rest, `agent: ${what ?? 'error'}`);
    } catch {
      this.#o.logger.warn(`agent: ${line}`);
    }
  }

  #ended(code: number | null, signal: string | null, livedMs: number): void {
    this.#child = undefined;
    if (this.#isStopping) return;
    this.#waitMs = livedMs > steadyMs ? 500 : Math.min(maxWaitMs, this.#waitMs * 2);
    this.#o.logger.error({ code, signal, againInMs: this.#waitMs }, 'the agent ended');
    this.#timer = setTimeout(() => this.#spawn(), this.#waitMs);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const killing = setTimeout(() => child.kill('SIGKILL'), stopMs);
    await ended;
    clearTimeout(killing);
  }
}
