/**
 * Kills the collector while it takes up one bundle after another and numbered events flow: afterwards the old or the
 * new one is in force, and every event that a rule of both is about has raised its alert once. FAULT_ROUNDS sets how
 * many.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { AlertJson } from '../../collector/api/json/alert.ts';
import type { BundleListJson } from '../../collector/api/json/bundle.ts';
import type { StatusJson } from '../../collector/api/json/status.ts';
import { accessOf, Client } from '../../collector/cli/client.ts';
import { ruleFolder } from '../rule-folder.ts';
import { tempFolder } from '../temp.ts';
import { Server, vedetteJson } from '../vedette.ts';
import { isAlarm, storedNumbers } from './numbers.ts';
import { emittedBy, enrolFolder, kill, startNumberedAgent } from './start-agent.ts';

const rounds = Number(process.env['FAULT_ROUNDS'] ?? 8);
const perSecond = 500;

const alarm = `title: Alarm
id: alarm
status: test
logsource: { category: account_change, product: linux }
detection: { s: { event.action: user-removed }, condition: s }
level: high
---
title: Alarms
id: alarms
correlation: { type: event_count, rules: [alarm], generate: true, group-by: [host.id], timespan: 1d, condition: { gte: 1 } }
level: high
`;
/** What differs between the two bundles. */
const other = (id: string) => `title: Other
id: ${id}
status: test
logsource: { category: account_change, product: linux }
detection: { s: { user.name: nobody }, condition: s }
level: low
`;

const data = tempFolder(t);
// Each alarm is about a user of its own, and each is looked for.
writeFileSync(join(data, 'collector.json'), JSON.stringify({ alertMaxPerHour: 100_000 }));
const agentFolder = join(tempFolder(t), 'agent');
let agentPort = '0';

async function startCollector(): Promise<Server> {
  const server = await Server.start(t, 'collector', '--port', '0', '--agent-port', agentPort, '--data', data);
  agentPort = server.addresses.agents.split(':')[1] as string;
  return server;
}

const client = () => new Client(accessOf(data));
const bundles = () => client().get<BundleListJson>('/rules/bundles');

async function alerts(): Promise<readonly AlertJson[]> {
  const all: AlertJson[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await client().get<{ items: AlertJson[]; next: string | null }>('/alerts', {
      limit: 500,
      cursor,
    });
    all.push(...page.items);
    if (page.next === null) return all;
    cursor = page.next;
  }
}

t.test(`${rounds} rounds of SIGKILL during a switch`, async (t) => {
  let collector = await startCollector();
  for (const id of ['one', 'two']) {
    const folder = ruleFolder(t, { 'alarm.yml': alarm, 'other.yml': other(id) });
    vedetteJson('rules', 'push', folder, '--force-untested', '--no-activate', '--data', data);
  }
  await client().call('POST', '/rules/bundles/1/activate', {}, {});
  await enrolFolder(agentFolder, data);
  const agent = await startNumberedAgent(t, agentFolder, agentPort, 0, perSecond);
  let inForce = 1;
  let isOld = 0;
  for (let round = 0; round < rounds; round++) {
    const wanted = inForce === 1 ? 2 : 1;
    const answer = client()
      .call('POST', `/rules/bundles/${wanted}/activate`, {}, { rollback: true })
      .then(
        () => true,
        () => false,
      );
    await sleep(Math.random() * 250);
    await collector.end('SIGKILL');
    const isDone = await answer;
    collector = await startCollector();
    const found = await bundles();
    t.ok([inForce, wanted].includes(found.inForce!.version), 'the old or the new');
    if (isDone) t.equal(found.inForce?.version, wanted, 'what was answered is done');
    const { detection } = await client().get<StatusJson>('/status');
    t.same(detection.bundle, found.inForce, 'and it is at work');
    const rules = await client().get<{ rules: { id: string }[] }>('/rules');
    const expected = found.inForce?.version === 1 ? 'one' : 'two';
    t.ok(rules.rules.some(({ id }) => id === expected));
    if (found.inForce?.version === inForce) isOld++;
    inForce = found.inForce!.version;
    await sleep(300);
  }
  await kill(agent, 'SIGTERM');
  const emitted = emittedBy(agentFolder);
  while ((await client().get<StatusJson>('/status')).detection.lagBatches > 0) await sleep(50);
  const stored = (await storedNumbers(data)).get(0)!;
  t.equal(stored.size, emitted);
  const expected = [...stored.keys()].filter(isAlarm).length;
  const raised = await alerts();
  const each = raised.filter(({ ruleId }) => ruleId === 'alarm');
  t.equal(each.length, expected, 'an alert for each');
  t.ok(
    each.every(({ count }) => count === 1),
    'and one only',
  );
  const together = raised.filter(({ ruleId }) => ruleId === 'alarms');
  t.equal(
    together.reduce((sum, { count }) => sum + count, 0),
    expected,
    'the correlation counted each once',
  );
  t.ok(vedetteJson<{ broken: unknown }>('audit', 'verify', '--data', data).broken === null);
  t.comment(`${rounds - isOld} switches were made, ${isOld} were not; ${emitted} events, ${expected} alarms`);
});
