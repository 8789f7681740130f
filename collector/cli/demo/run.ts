import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AlertJson } from '../../api/json/alert.ts';
import type { RuleSummary } from '../../store/contract.ts';
import type { Client } from '../client.ts';
import { type Act, acts, type Stage } from './acts.ts';

export interface ActReport {
  readonly act: string;
  readonly rule: string;
  readonly outcome: 'alerted' | 'missed' | 'unavailable';
  /** From the begin of the act to the time the alert was raised, or was seen where it had been raised before. */
  readonly delayMs: number | null;
  readonly alert: { readonly id: string; readonly level: string; readonly reason: string } | null;
  readonly detail: string | null;
}

const pollMs = 100;

/** Listens on every loopback address, takes connections and says nothing. */
function listener(): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

/** The demonstration address is another one of loopback, so it needs a listener of its own on the same port. */
function listenAlso(address: string, port: number): Promise<Server | undefined> {
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, address, () => resolve(server));
  });
}

/** Whether a hit that bears the marker is part of the alert: it may be one that an earlier act began. */
function isOf({ event, samples, lastEventAt }: AlertJson, marker: string, began: Date): boolean {
  const values = samples.flatMap((sample) => sample.values.map(({ value }) => value));
  if ([...Object.values(event), ...values].some((value) => String(value).includes(marker))) return true;
  // So many acts before that the values of this one are not kept.
  return Date.parse(lastEventAt) >= began.getTime() && samples.some(({ others }) => others > 0);
}

async function awaitAlert(client: Client, ruleId: string, marker: string, began: Date, timeoutMs: number) {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    const query = { rule: ruleId, limit: 500 };
    const page = await client.get<{ readonly items: readonly AlertJson[] }>('/alerts', query);
    const found = page.items.find((alert) => isOf(alert, marker, began));
    if (found !== undefined) return found;
    await sleep(pollMs);
  }
  return undefined;
}

/** The acts one after another, each reported as it is done; what they left is removed at the end. */
export class Demo {
  readonly #client: Client;
  readonly #timeoutMs: number;
  readonly #children = new Set<ChildProcess>();
  readonly #folder = mkdtempSync(join(tmpdir(), 'vedette-demo-'));
  readonly #servers: Server[] = [];

  constructor(client: Client, timeoutMs: number) {
    this.#client = client;
    this.#timeoutMs = timeoutMs;
  }

  async *run(): AsyncGenerator<ActReport> {
    const { rules } = await this.#client.get<{ readonly rules: readonly RuleSummary[] }>('/rules');
    const server = await listener();
    const { port } = server.address() as AddressInfo;
    const also = await listenAlso('127.66.6.6', port);
    this.#servers.push(server, ...(also === undefined ? [] : [also]));
    for (const act of acts) {
      const rule = rules.find((r) => r.file.endsWith(`/${act.rule}.yml`));
      yield await this.#perform(act, rule, port);
    }
  }

  async #perform(act: Act, rule: RuleSummary | undefined, port: number): Promise<ActReport> {
    const none = { act: act.name, rule: act.rule, delayMs: null, alert: null };
    const reason = rule === undefined ? 'the starter rule is not loaded' : act.unavailable?.();
    if (reason !== undefined || rule === undefined)
      return { ...none, outcome: 'unavailable', detail: reason ?? null };
    const marker = `vedette-demo-${randomBytes(4).toString('hex')}`;
    const stage: Stage = { folder: this.#folder, marker, seconds: 4, port };
    const [program, ...args] = act.command(stage);
    const began = new Date();
    const child = spawn(program, args, { stdio: 'ignore' });
    this.#children.add(child);
    child.on('error', () => undefined);
    child.on('exit', () => this.#children.delete(child));
    const alert = await awaitAlert(this.#client, rule.id, marker, began, this.#timeoutMs);
    if (alert === undefined) {
      return { ...none, outcome: 'missed', detail: `no alert within ${this.#timeoutMs / 1000} s` };
    }
    const { id, level, reason: why } = alert;
    const raisedMs = Date.parse(alert.raisedAt);
    const delayMs = (raisedMs < began.getTime() ? Date.now() : raisedMs) - began.getTime();
    return { ...none, outcome: 'alerted', delayMs, alert: { id, level, reason: why }, detail: null };
  }

  /** Ends what still runs and removes what the acts left. */
  clean(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    for (const server of this.#servers) {
      server.close();
      server.unref();
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
