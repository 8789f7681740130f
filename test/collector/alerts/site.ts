/** A collector in a process of its own, with rules of the test, and hosts that deliver what the test emits. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { parseConfig } from '#shared/config.ts';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { parseToken } from '#shared/protocol/identity.ts';
import { agentSettings } from '../../../agent/config.ts';
import { type Delivery, startDelivery } from '../../../agent/delivery.ts';
import { enrol } from '../../../agent/identity/enrol.ts';
import type { AlertJson } from '../../../collector/api/json/alert.ts';
import { accessOf, Client } from '../../../collector/cli/client.ts';
import { tempFolder } from '../../temp.ts';
import { Server, vedetteJson } from '../../vedette.ts';

export const ruleId = (n: number) => `00000000-0000-4000-8000-0000000000${String(n).padStart(2, '0')}`;

/** Failed logins, and programs by the end of their path. */
const rules = `title: Login failed
id: ${ruleId(1)}
logsource:
  category: authentication
detection:
  s:
    event.action: failed
  condition: s
level: medium
response: Look who it was.
confidence: high
---
title: Odd program
id: ${ruleId(2)}
logsource:
  category: process_creation
detection:
  s:
    Image|endswith: /odd
  condition: s
tags:
  - attack.execution
  - attack.t1059.004
level: high
response: Stop it.
---
title: Odd file
id: ${ruleId(3)}
logsource:
  category: file_event
detection:
  s:
    file.path|contains: odd
  condition: s
tags:
  - attack.persistence
level: high
`;

export interface TestHost {
  readonly id: string;
  readonly delivery: Delivery;
}

export class AlertSite {
  readonly folder: string;
  readonly #t: Test;
  readonly #settings: Readonly<Record<string, unknown>>;
  #server!: Server;
  #agentPort = '0';

  private constructor(t: Test, settings: Readonly<Record<string, unknown>>) {
    this.#t = t;
    this.#settings = settings;
    this.folder = tempFolder(t);
  }

  static async open(t: Test, settings: Readonly<Record<string, unknown>> = {}): Promise<AlertSite> {
    const site = new AlertSite(t, settings);
    mkdirSync(join(site.folder, 'rules'), { recursive: true });
    writeFileSync(join(site.folder, 'rules', 'test.yml'), rules);
    writeFileSync(join(site.folder, 'collector.json'), JSON.stringify(site.#settings));
    await site.start();
    return site;
  }

  async start(): Promise<void> {
    const ports = ['--port', '0', '--agent-port', this.#agentPort];
    this.#server = await Server.start(this.#t, 'collector', ...ports, '--data', this.folder);
    this.#agentPort = this.#server.addresses.agents.split(':').at(-1) as string;
  }

  /** SIGKILL, then a collector on the same data. */
  async killAndStart(): Promise<void> {
    await this.#server.end('SIGKILL');
    await this.start();
  }

  get client(): Client {
    return new Client(accessOf(this.folder));
  }

  async host(hostname: string): Promise<TestHost> {
    const { token } = vedetteJson<{ token: string }>('enroll', '--new-token', '--data', this.folder);
    const ticket = parseToken(token);
    if (!ticket.ok) throw ticket.error;
    const identity = await enrol(ticket.value, { hostname, os: 'linux' });
    const folder = tempFolder(this.#t);
    const config = parseConfig(agentSettings, {
      ...{ flushMs: 10, flushNormalMs: 10, backoffMinMs: 20, backoffMaxMs: 200 },
    });
    const address = `127.0.0.1:${this.#agentPort}`;
    const delivery = startDelivery({ folder, config, identity, address, log: () => undefined });
    this.#t.teardown(() => delivery.close());
    return { id: identity.hostId, delivery };
  }

  /** Alerts of the rules of the test, oldest first. */
  async alerts(rule?: number): Promise<readonly AlertJson[]> {
    const own = rule === undefined ? {} : { rule: ruleId(rule) };
    const { items } = await this.client.get<{ items: readonly AlertJson[] }>('/alerts', {
      limit: 500,
      ...own,
    });
    return items.filter((one) => one.ruleId.startsWith('00000000-')).toReversed();
  }
}

/** What `look` gives once it gives anything. */
export async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  for (const end = Date.now() + 180_000; Date.now() < end; await sleep(50)) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(`waited in vain for ${what}`);
}

export const failedLogin = (time: number, user: string, more: object = {}): AnyEvent =>
  ({
    ...{
      type: 'login',
      time,
      'event.action': 'failed',
      'event.outcome': 'failure',
      'log.source': 'auth-log',
    },
    ...{ 'user.name': user, 'source.ip': '203.0.113.9' },
    ...more,
  }) as AnyEvent;

export const oddProgram = (time: number, pid: number, user: string, more: object = {}): AnyEvent =>
  ({
    ...{
      type: 'process.start',
      time,
      'process.pid': pid,
      'process.entity_id': `p${pid}`,
      'process.start': time,
    },
    ...{ 'process.name': 'odd', 'process.executable': '/opt/odd', 'process.command_line': `/opt/odd ${pid}` },
    ...{ 'user.name': user, 'user.id': '1000' },
    ...more,
  }) as AnyEvent;
