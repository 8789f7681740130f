/** A backtest raises the alerts that live detection raised on the same events, however they are stored. */
import t, { type Test } from 'tap';
import type { EventRow } from '#shared/schema/columns.ts';
import { runBacktest } from '../../../collector/backtest/run.ts';
import { loadRules } from '../../../collector/rules/load.ts';
import { randomOf } from '../../../scripts/bench/sample-events.ts';
import { type Arrival, hostOf, StoredEvents, secondUs, startAt } from './stored-events.ts';

const threadEntry = new URL('../../../collector/backtest.worker.ts', import.meta.url);

const head = (title: string, n: number, more = '') =>
  `title: ${title}\nid: 00000000-0000-4000-8000-00000000000${n}\nname: r${n}\nlevel: low\n${more}`;
const linuxStart = 'logsource:\n  category: process_creation\n  product: linux\n';

/** Rules of one event, of what a detector finds and correlations of most types, some of them over several hosts, a chain among them. */
const rules = [
  `${head('Curl', 1)}${linuxStart}detection:\n  s:\n    Image|endswith: /curl\n  condition: s\n`,
  `${head('Refused', 2)}logsource:\n  category: authentication\ndetection:\n  s:\n    event.outcome: failure\n  condition: s\n`,
  `${head('To a port', 3)}logsource:\n  category: network_connection\n  product: linux\ndetection:\n  s:\n    DestinationPort: 4444\n  condition: s\n`,
  `${head('Many refused', 4)}correlation:\n  type: event_count\n  rules: [r2]\n  generate: false\n  group-by: [host.id]\n  timespan: 1m\n  condition:\n    gte: 4\n`,
  `${head('Many users', 5)}correlation:\n  type: value_count\n  rules: [r2]\n  group-by: [source.ip]\n  timespan: 2m\n  condition:\n    field: user.name\n    gte: 3\n`,
  `${head('Curl and port', 6)}correlation:\n  type: temporal\n  rules: [r1, r3]\n  generate: true\n  group-by: [host.id]\n  timespan: 30s\n`,
  `${head('Curl then port', 7)}correlation:\n  type: temporal_ordered\n  rules: [r1, r3]\n  generate: true\n  group-by: [user.name]\n  timespan: 30s\n`,
  `${head('Hosts with many refused', 8)}correlation:\n  type: event_count\n  rules: [r4]\n  generate: true\n  group-by: [user.name]\n  timespan: 10m\n  condition:\n    gte: 2\n`,
  `${head('Found', 9)}logsource:\n  product: vedette\n  service: login\ndetection:\n  s:\n    finding.kind|exists: true\n  condition: s\n`,
].join('---\n');

const users = ['root', 'alice', 'bob', 'ünïcode'];

function eventAt(random: () => number, time: number): EventRow {
  const user = users[Math.floor(random() * users.length)] as string;
  const which = random();
  if (which < 0.35)
    return {
      ...{
        type: 'login',
        time,
        'event.action': 'login',
        'event.outcome': random() < 0.7 ? 'failure' : 'success',
      },
      ...{ 'user.name': user, 'source.ip': `10.0.0.${Math.floor(random() * 3)}` },
    };
  if (which < 0.7) {
    const name = random() < 0.3 ? 'curl' : `tool-${Math.floor(random() * 50)}`;
    return {
      ...{ type: 'process.start', time, 'process.name': name, 'process.executable': `/usr/bin/${name}` },
      ...{ 'process.command_line': `${name} ${random()}`, 'user.name': user },
      ...(random() < 0.8 && { 'process.entity_id': Math.floor(random() * 2 ** 40).toString(16) }),
    };
  }
  return {
    ...{ type: 'network.connection', time, 'destination.port': random() < 0.3 ? 4444 : 443 },
    ...{ 'destination.ip': '192.0.2.1', 'network.initiated': random() < 0.5, 'user.name': user },
  };
}

/** Batches of four hosts over half an hour around midnight; some come minutes late, some clocks are wrong. */
function arrivals(seed: number, count: number): Arrival[] {
  const random = randomOf(seed);
  return Array.from({ length: count }, (_, n) => {
    const receivedAt = startAt + n * 3 * secondUs + Math.floor(random() * 1000);
    const lateness = random() < 0.1 ? random() * 180 : random() * 20;
    const events = Array.from({ length: 12 }, () => {
      const wrong = random() < 0.01 ? 3600 : 0;
      return eventAt(random, Math.floor(receivedAt - (lateness * random() - wrong) * secondUs));
    });
    return { hostId: hostOf(Math.floor(random() * 4)).id, receivedAt, events };
  });
}

async function same(t: Test, stored: StoredEvents, how: string): Promise<void> {
  const source = stored.rules(rules);
  const { ruleSet, problems } = await loadRules(source.rulePaths);
  t.same(
    problems.filter(({ severity }) => severity === 'error'),
    [],
  );
  const { candidate, report } = await runBacktest(stored.order(source), threadEntry, () => undefined);
  const live = await stored.live(ruleSet);
  const raised = new Set([...live.values()].map(({ ruleId }) => ruleId.at(-1)));
  t.same(
    [...raised].sort(),
    ['1', '3', '4', '5', '6', '7', '8', '9'],
    `${how}: every rule that may has raised`,
  );
  t.same(candidate.tally.alerts, live, `${how}: the same alerts, of the same events`);
  t.equal(report.alerts, live.size);
  t.match(report, { damaged: 0, faults: [], uncounted: 0 });
  t.equal(
    report.outcomes.reduce((sum, { events }) => sum + events, 0),
    [...live.values()].reduce((sum, { count }) => sum + count, 0),
  );
}

for (const [seed, isSealed] of [
  [1, false],
  [2, false],
  [3, true],
] as const) {
  t.test(`the same alerts as live, seed ${seed}${isSealed ? ', encrypted' : ''}`, async (t) => {
    const stored = new StoredEvents(t, 4, isSealed);
    const all = arrivals(seed, 400);
    await stored.append(all.slice(0, 200));
    await same(t, stored, 'in the journal');
    stored.seal(Number.MAX_SAFE_INTEGER, 1);
    await stored.append(all.slice(200, 300));
    await same(t, stored, 'half sealed');
    stored.seal(Number.MAX_SAFE_INTEGER, 2);
    await stored.append(all.slice(300));
    stored.seal(Number.MAX_SAFE_INTEGER, 3);
    await same(t, stored, 'sealed but for the last');
    t.ok((await stored.compact(10)) > 0);
    await same(t, stored, 'merged and encoded anew');
  });
}
