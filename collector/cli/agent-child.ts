import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
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

  async start(): Promise<void> {
    // Used only when this host has no identity of this collector yet; else it lapses.
    const token = await this.#o.token();
    if (this.#isStopping) return;
    const { data, address } = this.#o;
    const child = spawn(
      process.execPath,
      [launcher, 'agent', '--json', '--data', data, '--address', address],
      {
        // The agent ends when its standard input does, so it does not outlive a parent that was killed.
        stdio: ['pipe', 'ignore', 'pipe'],
        env: { ...process.env, VEDETTE_TOKEN: token, VEDETTE_CHILD: '1' },
      },
    );
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
    this.#timer = setTimeout(() => {
      this.start().catch((error: unknown) => this.#o.logger.error({ err: error }, 'the agent did not start'));
    }, this.#waitMs);
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
