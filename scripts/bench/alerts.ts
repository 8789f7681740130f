/**
 * Identical hits of one rule from one host at a steady rate, and what that does to others: how long the API takes to
 * answer, and how long another rule's alert about another host takes to come. Then how many alerts a second the control
 * database records, when all go on and when all are new. The collector is a process of its own with fsync on.
 * --hits N --seconds N --json
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { parseConfig } from '#shared/config.ts';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { parseToken } from '#shared/protocol/identity.ts';
import { agentSettings } from '../../agent/config.ts';
import { startDelivery } from '../../agent/delivery.ts';
import { enrol } from '../../agent/identity/enrol.ts';
import { accessOf, Client } from '../../collector/cli/client.ts';
import type { NewAlert } from '../../collector/store/contract.ts';
import { openControlStore } from '../../collector/store/control/open.ts';
import { costOf } from './process-cost.ts';
import { percentile, report } from './report.ts';

const { values: flags } = parseArgs({
  options: {
    hits: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '60' },
    json: { type: 'boolean', default: false },
  },
});
const hits = Number(flags.hits);
const seconds = Number(flags.seconds);
const top = join(import.meta.dirname, '../..');
const apiEveryMs = 50;
const otherEveryMs = 1000;
const tickMs = 10;

const rules = ['failed', 'other'].map(
  (name, i) => `title: Bench ${name}
id: 00000000-0000-4000-8000-00000000000${i + 1}
logsource:
  category: authentication
detection:
  s:
    user.name|startswith: ${name}
  condition: s
level: medium
`,
);

function login(user: string, port: number): AnyEvent {
  return {
    ...{ type: 'login', time: Date.now() * 1000, 'event.action': 'failed', 'event.outcome': 'failure' },
    ...{ 'log.source': 'auth-log', 'user.name': user, 'source.ip': '203.0.113.9', 'source.port': port },
  } as AnyEvent;
}

async function host(folder: string, name: string, client: Client, address: string) {
  const { token } = await client.call<{ token: string }>('POST', '/enrolment-tokens', {}, {});
  const ticket = parseToken(token);
  if (!ticket.ok) throw ticket.error;
  const identity = await enrol(ticket.value, { hostname: name, os: 'linux' }, address);
  const own = join(folder, name);
  mkdirSync(own);
  const config = parseConfig(agentSettings, {});
  return startDelivery({ folder: own, config, identity, address, log: () => undefined });
}

/** Asks again and again until told to end; gives how long answers took, in seconds. */
async function ask(client: Client, isDone: () => boolean): Promise<number[]> {
  const took: number[] = [];
  while (!isDone()) {
    const began = performance.now();
    await client.get('/alerts', { limit: 50 });
    took.push((performance.now() - began) / 1000);
    await sleep(apiEveryMs);
  }
  return took;
}

/** Users are never named twice: a hit on one that was would go on with its alert. */
let nextUser = 0;

/** Emits events of another rule, each about another user; gives how long each alert took, in seconds. */
async function others(
  client: Client,
  emit: (event: AnyEvent) => void,
  isDone: () => boolean,
): Promise<number[]> {
  const took: number[] = [];
  while (!isDone()) {
    const user = `other-${nextUser++}`;
    const began = performance.now();
    emit(login(user, 1));
    for (;;) {
      const { items } = await client.get<{ items: { event: Record<string, unknown> }[] }>('/alerts', {
        ...{ rule: '00000000-0000-4000-8000-000000000002', limit: 1 },
      });
      if (items[0]?.event['user.name'] === user) break;
      await sleep(5);
    }
    took.push((performance.now() - began) / 1000);
    await sleep(otherEveryMs);
  }
  return took;
}

/** Alerts a second that the control database records, a batch of 64 in each transaction. */
async function recorded(folder: string, name: string, of: (n: number) => Partial<NewAlert>): Promise<number> {
  const store = await openControlStore(join(folder, `${name}.db`), { durable: false });
  const base: Omit<NewAlert, 'id' | 'eventIds'> = {
    ...{ ruleId: 'r', ruleTitle: 'R', level: 'high', hostId: 'h', hostName: 'h', count: 1, tags: [] },
    ...{ reason: 'Somebody did something.', matches: [], raisedAt: 1, firstEventAt: 1, lastEventAt: 1 },
    event: {
      type: 'process.start',
      time: 1,
      'process.entity_id': 'p',
      'process.command_line': 'x'.repeat(200),
    },
  };
  const batches = 150;
  const size = 64;
  const began = performance.now();
  for (let i = 0; i < batches; i++) {
    const alerts = Array.from({ length: size }, (_, k): NewAlert => {
      const n = i * size + k;
      return { ...base, id: `id-${n}`, eventIds: [`e-${n}`], ...of(n) };
    });
    await store.detection.commit(i + 1, alerts);
  }
  const perSecond = (batches * size) / ((performance.now() - began) / 1000);
  await store.close();
  return perSecond;
}

const folder = mkdtempSync(join(tmpdir(), 'vedette-bench-'));
const data = join(folder, 'data');
mkdirSync(join(data, 'rules'), { recursive: true });
writeFileSync(join(data, 'rules', 'bench.yml'), rules.join('---\n'));
const args = ['scripts/vedette.mjs', 'collector', '--json', '--port', '0', '--agent-port', '0'];
const child = spawn(process.execPath, [...args, '--log-level', 'error', '--data', data], {
  cwd: top,
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { agents: address } = JSON.parse(line) as { agents: string };
  const client = new Client(accessOf(data));
  const noisy = await host(folder, 'noisy', client, address);
  const quiet = await host(folder, 'quiet', client, address);
  const none = () => false;
  let isDone: () => boolean = none;
  const idle = performance.now() + 5000;
  const atRest = await Promise.all([
    ask(client, () => performance.now() > idle),
    others(client, quiet.emit, () => performance.now() > idle),
  ]);
  let done = false;
  isDone = () => done;
  const before = costOf(child.pid as number);
  const measuring = Promise.all([ask(client, isDone), others(client, quiet.emit, isDone)]);
  const began = performance.now();
  for (let sent = 0; sent < hits; await sleep(tickMs)) {
    const due = Math.min(hits, Math.ceil((hits * (performance.now() - began)) / (seconds * 1000)));
    for (; sent < due; sent++) noisy.emit(login('failed', 1024 + (sent % 60_000)));
  }
  noisy.flush();
  const countOf = async () => {
    const { items } = await client.get<{ items: { count: number }[] }>('/alerts', {
      rule: '00000000-0000-4000-8000-000000000001',
    });
    return { alerts: items.length, count: items.reduce((sum, { count }) => sum + count, 0) };
  };
  while ((await countOf()).count < hits) await sleep(20);
  const tookS = (performance.now() - began) / 1000;
  done = true;
  const [api, other] = await measuring;
  const after = costOf(child.pid as number);
  const found = await countOf();
  await noisy.close();
  await quiet.close();
  report({ hits, seconds, fsync: true }, [
    { name: 'alerts of identical hits', value: found.alerts, unit: 'count', goal: 1, less: true },
    { name: 'hits counted wrongly', value: Math.abs(found.count - hits), unit: 'count', goal: 0, less: true },
    { name: 'hits counted', value: hits / tookS, unit: '1/s' },
    { name: 'API at rest, median', value: percentile(atRest[0], 0.5), unit: 's' },
    { name: 'API meanwhile, median', value: percentile(api, 0.5), unit: 's' },
    { name: 'API meanwhile, p99', value: percentile(api, 0.99), unit: 's', goal: 0.25, less: true },
    { name: "another rule's alert at rest, median", value: percentile(atRest[1], 0.5), unit: 's' },
    { name: "another rule's alert meanwhile, median", value: percentile(other, 0.5), unit: 's' },
    {
      name: "another rule's alert meanwhile, p99",
      value: percentile(other, 0.99),
      unit: 's',
      goal: 1,
      less: true,
    },
    { name: "collector's CPU, of one core", value: (after.cpuS - before.cpuS) / tookS, unit: 'ratio' },
    {
      name: 'recorded: alerts that go on',
      value: await recorded(folder, 'going-on', () => ({ key: 'k' })),
      unit: '1/s',
    },
    {
      name: 'recorded: new alerts',
      value: await recorded(folder, 'new', (n) => ({ key: `k-${n}`, hostId: `h-${n % 100}` })),
      unit: '1/s',
    },
  ]);
} finally {
  child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
