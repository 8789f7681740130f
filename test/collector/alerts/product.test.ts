/** What a person does with alerts: hide hits, read why, follow a story, look at risk. All with the real product. */
import t from 'tap';
import type { AlertJson } from '../../../collector/api/json/alert.ts';
import type { ExceptionJson } from '../../../collector/api/json/exception.ts';
import type { RiskJson } from '../../../collector/api/json/risk.ts';
import type { StoryJson } from '../../../collector/api/json/story.ts';
import { vedette, vedetteJson } from '../../vedette.ts';
import { AlertSite, failedLogin, oddProgram, ruleId, until } from './site.ts';

t.test('an exception hides hits at once and over restarts, counts them, and ends', async (t) => {
  const site = await AlertSite.open(t);
  const here = ['--data', site.folder] as const;
  const host = await site.host('one');
  const now = () => Date.now() * 1000;
  host.delivery.emit(failedLogin(now(), 'backup'));
  const [alert] = await until('the alert', async () => {
    const found = await site.alerts(1);
    return found.length === 1 && found;
  });
  const id = alert?.id ?? '';

  const proposed = vedetteJson<readonly { field: string; value: string }[]>('alerts', 'except', id, ...here);
  t.ok(proposed.some(({ field, value }) => field === 'user.name' && value === 'backup'));
  t.match(vedette('alerts', 'except', id, ...here).stdout, `vedette alerts except ${id} --fields`);
  const refused = vedette('alerts', 'except', id, '--fields', 'user.name', ...here);
  t.equal(refused.status, 2);
  t.match(refused.stderr, '--until and --reason');
  t.equal(vedette('alerts', 'except', id, '--fields', 'no.such', '--dry-run', ...here).status, 2);
  t.match(vedette('alerts', 'exceptions', ...here).stdout, 'Nothing is hidden.');
  const dry = vedette('alerts', 'except', id, '--fields', 'user.name', '--dry-run', ...here);
  t.match(dry.stdout, 'would have hidden 1 of 1 alerts (1 events)');
  const made = vedetteJson<{ exception: ExceptionJson }>(
    ...['alerts', 'except', id, '--fields', 'user.name', '--until', '2d', '--reason', 'nightly job'],
    ...here,
  ).exception;
  t.match(made, {
    ruleId: ruleId(1),
    filter: "user.name:'backup'",
    expiresSoon: true,
    isExpired: false,
    hits: 0,
  });

  const hitsOf = async () =>
    (await site.client.get<{ items: ExceptionJson[] }>('/exceptions')).items[0]?.hits;
  for (let i = 0; i < 3; i++) host.delivery.emit(failedLogin(now(), 'backup'));
  await until('three hidden hits', async () => (await hitsOf()) === 3);
  host.delivery.emit(failedLogin(now(), 'eve'));
  const after = await until('the alert about another user', async () => {
    const found = await site.alerts(1);
    return found.length === 2 && found;
  });
  t.match(
    after,
    [
      { id, count: 1 },
      { count: 1, event: { 'user.name': 'eve' } },
    ],
    'hidden hits are no alert',
  );
  await site.killAndStart();
  host.delivery.emit(failedLogin(now(), 'backup'));
  await until('a hidden hit after a restart', async () => (await hitsOf()) === 4);
  const listed = vedette('alerts', '--suppressed', ...here).stdout;
  t.match(listed, /\(soon\) +4 /);
  t.match(listed, 'nightly job');
  const events = vedetteJson<readonly unknown[]>('events', '--type', 'login', '--limit', '100', ...here);
  t.equal(events.length, 6, 'events are untouched');

  t.match(vedette('alerts', 'unexcept', made.id, ...here).stdout, 'it hid 4 events');
  t.equal(vedette('alerts', 'unexcept', made.id, ...here).status, 1);
  host.delivery.emit(failedLogin(now(), 'backup'));
  await until('an alert again', async () => (await site.alerts(1)).find((one) => one.id === id)?.count === 2);
  const audit = vedetteJson<readonly { action: string; detail: object }[]>('audit', ...here);
  t.match(
    audit.filter(({ action }) => action.startsWith('exception.')),
    [
      { action: 'exception.remove', detail: { hits: 4 } },
      { action: 'exception.make', detail: { reason: 'nightly job' } },
    ],
  );

  vedetteJson('alerts', 'mute', id, '--until', '1h', '--reason', 'looking into it', ...here);
  host.delivery.emit(failedLogin(now(), 'backup', { 'source.port': 7 }));
  await until('a muted hit', async () => (await hitsOf()) === 1);
  vedetteJson('alerts', 'mute', '--rule', ruleId(2), '--until', '1h', '--reason', 'rollout', ...here);
  t.equal(vedette('alerts', 'mute', '--until', '1h', '--reason', 'of what', ...here).status, 2);
});

t.test('an alert, its story and its risk in words', async (t) => {
  const site = await AlertSite.open(t, { riskThreshold: 60 });
  const here = ['--data', site.folder] as const;
  const host = await site.host('one');
  const at = Date.now() * 1000 - 5e6;
  const shell = {
    'process.name': 'bash',
    'process.executable': '/usr/bin/bash',
    'process.command_line': 'bash -i',
  };
  host.delivery.emit(oddProgram(at, 100, 'eve', { ...shell, 'process.parent.pid': 1 }));
  const below = {
    'process.parent.pid': 100,
    'process.parent.entity_id': 'p100',
    'process.parent.name': 'bash',
  };
  host.delivery.emit(
    oddProgram(at + 1e6, 101, 'eve', { ...shell, 'process.command_line': 'bash run.sh', ...below }),
  );
  const under = {
    'process.parent.pid': 101,
    'process.parent.entity_id': 'p101',
    'process.parent.name': 'bash',
  };
  host.delivery.emit(
    oddProgram(at + 2e6, 102, 'eve', { ...under, 'process.command_line': '/opt/odd \u001b[2J --go' }),
  );
  host.delivery.emit({
    ...{ type: 'file.create', time: at + 3e6, 'file.path': '/etc/odd.conf', 'file.name': 'odd.conf' },
    ...{
      'process.pid': 100,
      'process.entity_id': 'p100',
      'process.executable': '/usr/bin/bash',
      'user.name': 'eve',
    },
  } as never);
  const alerts = await until('two alerts in one story with their trees', async () => {
    const found = await site.alerts();
    const trees = await Promise.all(found.map(({ id }) => site.client.get<AlertJson>(`/alerts/${id}`)));
    const isOne = new Set(trees.map(({ storyId }) => storyId)).size === 1;
    return found.length === 2 && isOne && trees.every(({ tree }) => tree !== null) && trees;
  });
  const odd = alerts.find(({ ruleTitle }) => ruleTitle === 'Odd program');
  t.match(
    odd?.tree?.processes.map(({ pid, relation }) => [pid, relation]),
    [
      [1, 'ancestor'],
      [100, 'ancestor'],
      [101, 'ancestor'],
      [102, 'subject'],
    ],
    'the tree is frozen',
  );
  const { stdout, status } = vedette('alerts', 'show', odd?.id ?? '', ...here);
  t.equal(status, 0);
  for (const told of [
    'HIGH Odd program on ',
    /why +Odd program/,
    /what to do +Stop it\./,
    /confidence +65 % \(the rule says medium; its first on this host\)/,
    'T1059.004 Unix Shell',
    'vedette stories show',
    /risk +adds \d+ to the \d+ of/,
    /└─ 102 .*◄/,
    "its program ends with '/odd'",
  ])
    t.match(stdout, told);
  t.notMatch(stdout, '\u001b', 'hostile text drives no terminal');

  const stories = vedetteJson<{ items: readonly StoryJson[] }>('stories', ...here).items;
  t.match(stories, [{ alerts: 2, level: 'high', tactics: ['execution', 'persistence'] }]);
  const story = vedette('stories', 'show', stories[0]?.id ?? '', ...here).stdout;
  for (const told of ['execution, then persistence', /100 bash -i.*◄/, /102 .*◄/, 'Odd file', 'of 2 events'])
    t.match(story, told);
  t.equal(vedette('stories', 'show', 'none', ...here).status, 1);
  t.match(vedette('stories', '--min-alerts', '3', ...here).stdout, 'No story matches.');

  const risks = vedetteJson<readonly RiskJson[]>('risk', ...here);
  t.match(risks, [
    { kind: 'host', id: host.id, alerts: 2 },
    { kind: 'user', id: 'eve', alerts: 2 },
  ]);
  t.match(vedette('risk', '--user', 'eve', ...here).stdout, /user +eve +2/);
  t.equal(vedette('risk', '--user', 'eve', '--host', ...here).status, 2);
  const shown = vedetteJson<{ risk: RiskJson }>('hosts', 'show', host.id, ...here);
  t.match(shown.risk, { score: Number, contributions: [{ ruleTitle: /^Odd/ }, { ruleTitle: /^Odd/ }] });
  const high = await until('the alert about the risk', async () => {
    const { items } = await site.client.get<{ items: AlertJson[] }>('/alerts', { rule: 'vedette-risk-high' });
    return items.length === 2 && items;
  });
  t.match(high.find(({ hostId }) => hostId === host.id)?.reason, /passed 60 because of Odd/);
});
