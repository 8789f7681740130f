/** Detectors at work in a collector: from events on the wire to alerts, over a restart, and in a backtest. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { detectorSpecs } from '#shared/detect/detectors/registry.ts';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { batchOf } from '../../events.ts';
import { tempFolder } from '../../temp.ts';
import { Server, vedette, vedetteJson } from '../../vedette.ts';
import { RawAgent } from '../ingest/raw-agent.ts';
import { startTestCollector, type TestCollector } from '../start.ts';

interface AlertJson {
  readonly ruleTitle: string;
  readonly reason: string;
  readonly eventIds: readonly string[];
  readonly event: Readonly<Record<string, unknown>>;
}

interface Listed {
  readonly sizeBytes: number;
  readonly maxBytes: number;
  readonly items: readonly {
    readonly name: string;
    readonly rules: readonly object[];
    readonly state: { readonly entities: number } | null;
  }[];
}

/** A day ago, so that no event is ahead of the clock. */
const startUs = (Date.now() - 86_400_000) * 1_000;

function connection(n: number, at: number, more: object = {}): AnyEvent {
  return {
    ...{ type: 'network.connection', time: startUs + Math.round(at * 1e6), 'event.action': 'connected' },
    ...{ 'network.transport': 'tcp', 'network.initiated': true, 'network.connection_id': `c${n}-${at}` },
    ...{ 'source.ip': '10.0.0.5', 'source.port': 40_000, 'destination.ip': '203.0.113.9' },
    ...{ 'destination.port': 443, 'process.executable': '/tmp/.x/agent' },
    ...more,
  } as AnyEvent;
}

const beats = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => connection(n, (from + n) * 60));

/** Each host has a stream of its own. */
async function send(
  agent: RawAgent,
  sequence: number,
  events: readonly AnyEvent[],
  of = 'cd',
): Promise<void> {
  const stream = of.repeat(8);
  agent.send({ kind: 'batch', stream, sequence, collected: sequence, data: batchOf(...events).data });
  await agent.frame('ack', (frame) => frame.mark >= sequence);
}

async function alertOf(collector: TestCollector, title: string): Promise<AlertJson> {
  for (;;) {
    const { items } = await collector.client.get<{ items: readonly AlertJson[] }>('/alerts', { limit: 200 });
    const found = items.find((one) => one.ruleTitle === title);
    if (found !== undefined) return found;
    await sleep(50);
  }
}

async function detected(collector: TestCollector): Promise<void> {
  for (;;) {
    const { detection } = await collector.client.get<{ detection: { lagBatches: number } }>('/status');
    if (detection.lagBatches === 0) return;
    await sleep(20);
  }
}

t.test('a beacon that goes on over a restart of the collector', async (t: Test) => {
  const folder = tempFolder(t);
  const first = await startTestCollector(t, folder);
  const identity = await first.enrol();
  const before = await new RawAgent(first.collector.agents, identity).hello();
  await send(before, 1, beats(0, 7));
  await detected(first);
  const { items } = await first.client.get<{ items: readonly AlertJson[] }>('/alerts');
  const regular = items.filter(({ ruleTitle }) => ruleTitle.startsWith('Regular'));
  t.strictSame(regular, [], 'seven beats are too few');
  before.socket.close();
  await first.collector.close();

  const second = await startTestCollector(t, folder);
  const after = await new RawAgent(second.collector.agents, identity).hello();
  await send(after, 2, beats(7, 14));
  const alert = await alertOf(second, 'Regular connections to one destination');
  t.match(alert.reason, /\/tmp\/\.x\/agent connects to 203\.0\.113\.9:443 every 60 s, 1[2-4] times/);
  t.match(alert.event, { 'finding.interval_s': 60, 'destination.port': 443 });
  t.ok(alert.eventIds.length >= 6, 'it lists the events');
  for (const id of alert.eventIds) {
    const event = await second.client.get<{ event: { type: string } }>(`/events/${encodeURIComponent(id)}`);
    t.match(JSON.stringify(event), /network\.connection/, `${id} is stored`);
  }
  after.socket.close();
});

t.test(
  'a scan of ports and ten megabytes that leave; what an agent calls a finding is none',
  async (t: Test) => {
    const collector = await startTestCollector(t);
    const agent = await new RawAgent(collector.collector.agents, await collector.enrol()).hello();
    const scan = Array.from({ length: 70 }, (_, n) =>
      connection(n, n, {
        ...{ 'event.action': 'failed', 'destination.ip': '192.0.2.7', 'destination.port': 1_000 + n },
        'process.executable': '/usr/bin/nc',
      }),
    );
    const upload = connection(0, 100, {
      ...{ 'event.action': 'closed', 'source.bytes': 11_000_000, 'destination.bytes': 5_000 },
      ...{ 'process.executable': '/usr/bin/curl', 'destination.ip': '203.0.113.77' },
    });
    const pretended = {
      ...{ type: 'finding', time: startUs, 'finding.detector': 'vulnerable', 'finding.kind': 'malicious' },
      ...{ 'finding.entity': 'x', 'finding.summary': 'x', 'finding.first_at': 1, 'finding.last_at': 1 },
    } as AnyEvent;
    await send(agent, 1, [pretended, ...scan, upload]);
    t.match(await alertOf(collector, 'Many ports of one machine tried'), {
      reason: /nc tried \d+ ports of 192\.0\.2\.7/,
    });
    t.match(await alertOf(collector, 'Much more sent to a destination than received'), {
      reason: /curl sent 11\.0 MB to 203\.0\.113\.77/,
    });
    const { items } = await collector.client.get<{ items: readonly AlertJson[] }>('/alerts', { limit: 200 });
    t.strictSame(
      items.filter((one) => one.ruleTitle === 'A package that is known to be malicious'),
      [],
    );
    agent.socket.close();
  },
);

t.test('advisories that come after the packages', async (t: Test) => {
  const collector = await startTestCollector(t);
  const { folder } = collector;
  const agent = await new RawAgent(collector.collector.agents, await collector.enrol()).hello();
  const state = {
    ...{ type: 'package.state', time: startUs, 'package.name': 'examplelib' },
    ...{ 'package.version': '1.4-2', 'package.type': 'deb' },
  } as AnyEvent;
  await send(agent, 1, [state]);
  await detected(collector);
  t.equal(vedette('rules', 'advisories', 'status', '--data', folder).status, 1, 'none yet');
  const osv = join(folder, 'DSA-1.json');
  writeFileSync(
    osv,
    JSON.stringify({
      id: 'DSA-1',
      summary: 'A hole',
      database_specific: { severity: 'CRITICAL' },
      affected: [
        {
          package: { ecosystem: 'Debian:12', name: 'examplelib' },
          ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '1.5-1' }] }],
        },
      ],
    }),
  );
  const report = vedetteJson<object>('rules', 'advisories', 'import', osv, '--data', folder);
  t.match(report, { read: 1, taken: 1, records: 1, kept: { deb: 1 }, refused: [] });
  t.equal(vedette('rules', 'advisories', 'status', '--data', folder).status, 0);
  // The collector takes up what was imported a moment later, and compares when the host tells of its health.
  const health = (async () => {
    for (let n = 2; ; n++) {
      const ended = await sleep(300).then(() => agent.socket.readyState !== agent.socket.OPEN);
      if (ended) return;
      await send(agent, n, [{ type: 'host.health', time: startUs + n * 1e6 } as AnyEvent]);
    }
  })().catch(() => undefined);
  t.match(await alertOf(collector, 'A package with a severe known vulnerability'), {
    reason: /examplelib 1\.4-2 \(deb\) is known to be vulnerable: DSA-1, critical; fixed in 1\.5-1/,
  });
  const listed = await collector.client.get<Listed>('/detectors');
  const vulnerable = listed.items.find(({ name }) => name === 'vulnerable');
  t.ok((vulnerable?.state?.entities ?? 0) >= 1, 'it holds the package');
  t.ok(listed.sizeBytes > 0 && listed.sizeBytes < listed.maxBytes);
  agent.socket.close();
  await health;
});

t.test('a sign-in at an hour nobody knows, and a host that upgrades do not reach', async (t: Test) => {
  const collector = await startTestCollector(t);
  const hosts = [];
  for (let n = 0; n < 6; n++) {
    const identity = await collector.enrol({ hostname: `host-${n}`, os: 'linux' });
    hosts.push(await new RawAgent(collector.collector.agents, identity).hello());
  }
  const dayUs = 86_400_000_000;
  const login = (time: number) =>
    ({
      ...{
        type: 'login',
        time,
        'event.action': 'login',
        'event.outcome': 'success',
        'log.source': 'auth-log',
      },
      ...{ 'user.name': 'ada', 'source.ip': '10.0.0.9', 'authentication.method': 'publickey' },
    }) as AnyEvent;
  const mornings = Array.from({ length: 30 }, (_, day) => login(startUs - (31 - day) * dayUs));
  await send(hosts[0] as RawAgent, 1, mornings);
  await send(hosts[0] as RawAgent, 2, [login(startUs - dayUs), login(startUs - dayUs / 2)]);
  t.match(await alertOf(collector, 'A user signs in at an unusual time'), { reason: /ada/ });

  for (const [n, host] of hosts.entries()) {
    const state = {
      ...{ type: 'package.state', time: startUs, 'package.name': 'examplelib' },
      ...{ 'package.version': n === 5 ? '1.4' : '1.5', 'package.type': 'deb' },
    } as AnyEvent;
    await send(host, n === 0 ? 3 : 1, [state], n === 0 ? 'cd' : `c${n}`);
  }
  await detected(collector);
  const quarterDay = dayUs / 4;
  const health = [1, 2, 3].map((n) => ({ type: 'host.health', time: startUs + n * quarterDay }) as AnyEvent);
  await send(hosts[5] as RawAgent, 2, health, 'c5');
  t.match(await alertOf(collector, 'Packages are older than on most hosts'), { reason: /examplelib/ });
  for (const { socket } of hosts) socket.close();
});

t.test('detectors as people see them', async (t: Test) => {
  const data = tempFolder(t);
  await Server.start(t, 'collector', '--port', '0', '--agent-port', '0', '--data', data);
  const { items } = vedetteJson<Listed>('rules', 'detectors', '--data', data);
  t.strictSame(
    items.map(({ name }) => name),
    detectorSpecs.map(({ name }) => name),
  );
  for (const { name, rules } of items) t.ok(rules.length > 0, `rules of the pack ask for ${name}`);
  const one = vedette('rules', 'detectors', 'beacon', '--data', data);
  t.match(one.stdout, /beats = 8: Fewest beats that are judged/);
  t.match(vedette('rules', 'detectors', '--data', data).stdout, /Together they hold/);
  const none = vedette('rules', 'detectors', 'nonesuch', '--data', data);
  t.equal(none.status, 1);
  t.match(none.stdout, /There is no detector nonesuch; there are beacon/);
});

t.test('what is no advisory is refused, and nothing changes', async (t: Test) => {
  const data = tempFolder(t);
  const file = join(data, 'x.json');
  writeFileSync(file, '{"id": 7}');
  const run = vedette('rules', 'advisories', 'import', file, '--data', data);
  t.equal(run.status, 1);
  t.match(run.stderr, /no advisory in/);
  t.notOk(existsSync(join(data, 'advisories')));
});
