/** Which alerts are one story: several attacks amid noise, and the same stories in whatever order alerts arrive. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { VedetteError } from '#shared/errors.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { StoryBuilder } from '../../../collector/alerts/story-builder.ts';
import type { ControlStore, NewAlert } from '../../../collector/store/contract.ts';
import { openControlStore } from '../../../collector/store/control/open.ts';
import type { ProcessTree } from '../../../collector/tree/contract.ts';
import { tempFolder } from '../../temp.ts';
import { newAlert } from '../store/control/new-alert.ts';

const minute = 60_000_000;
const startAt = 1_790_000_000_000_000;

interface Told {
  readonly host?: string;
  readonly at: number;
  readonly until?: number;
  readonly level?: NewAlert['level'];
  readonly tags?: readonly string[];
  readonly event: Readonly<Record<string, string | number | boolean>>;
}

function alert(
  id: string,
  { host = 'web', at, until = at, level = 'high', tags = [], event }: Told,
): NewAlert {
  const time = startAt + at * minute;
  return newAlert(id, {
    ...{ key: `key of ${id}`, ruleId: `rule of ${id}`, ruleTitle: `Rule ${id}`, level, tags },
    ...{ hostId: host, hostName: `${host}.lan`, raisedAt: time, firstEventAt: time },
    lastEventAt: startAt + until * minute,
    event: { type: 'process.start', time, ...event } as EventRow,
  });
}

const program = (entity: string, parent: string, name: string, more: object = {}) => ({
  ...{ 'process.entity_id': entity, 'process.parent.entity_id': parent, 'process.name': name },
  ...{ 'process.parent.name': 'bash', 'user.name': 'root', ...more },
});

/** An exploited web server: a shell, what it runs, a file it leaves and runs, and a connection home. */
const exploit = [
  alert('web-1', {
    at: 0,
    tags: ['attack.execution'],
    event: program('sh', 'nginx', 'sh', { 'process.parent.name': 'nginx' }),
  }),
  alert('web-2', { at: 1, tags: ['attack.discovery'], level: 'low', event: program('id', 'sh', 'id') }),
  alert('web-3', {
    at: 3,
    tags: ['attack.command-and-control', 'attack.execution'],
    event: { ...program('curl', 'sh', 'curl'), type: 'file.create', 'file.path': '/tmp/.x/miner' },
  }),
  alert('web-4', {
    at: 100,
    tags: ['attack.impact'],
    event: program('miner', 'other', 'miner', { 'process.executable': '/tmp/.x/miner' }),
  }),
];

/** Somebody signs in from outside on one host and goes on to another. */
const lateral = [
  alert('lat-1', {
    host: 'jump',
    at: 20,
    tags: ['attack.initial-access'],
    event: { type: 'login', 'user.name': 'eve', 'source.ip': '198.51.100.7' },
  }),
  alert('lat-2', {
    ...{ host: 'jump', at: 25, tags: ['attack.lateral-movement'] },
    event: {
      ...program('ssh', 'bash-eve', 'ssh', { 'user.name': 'eve' }),
      'source.ip': '10.0.0.5',
      'destination.ip': '10.0.0.6',
      'network.initiated': true,
    },
  }),
  alert('lat-3', {
    host: 'db',
    at: 26,
    tags: ['attack.persistence'],
    event: { type: 'login', 'user.name': 'postgres', 'source.ip': '10.0.0.5' },
  }),
];

/** Nothing but the host, the superuser or the service manager in common with anything. */
const noise = [
  alert('noise-1', {
    at: 2,
    event: program('cron-job', 'cron', 'backup', { 'process.parent.name': 'cron' }),
  }),
  alert('noise-2', {
    at: 2,
    event: program('cron-job-2', 'cron', 'rotate', { 'process.parent.name': 'cron' }),
  }),
  alert('noise-3', { at: 4, event: { type: 'login', 'user.name': 'root', 'source.ip': '127.0.0.1' } }),
  alert('noise-4', { at: 300, event: program('late', 'sh', 'late') }),
  alert('noise-5', {
    host: 'db',
    at: 200,
    event: { type: 'login', 'user.name': 'eve', 'source.ip': '192.0.2.99' },
  }),
  alert('noise-6', {
    at: 3,
    level: 'informational',
    event: {
      type: 'network.connection',
      'user.name': 'root',
      'destination.ip': '198.51.100.7',
      'network.initiated': true,
    },
  }),
];

const noProcess = async (): Promise<ProcessTree> => {
  throw new VedetteError('tree.no_process', 'The events of this test are not stored.');
};

async function opened(t: Test): Promise<{ control: ControlStore; builder: StoryBuilder }> {
  const control = await openControlStore(join(tempFolder(t), 'control.db'), { durable: false });
  const builder = new StoryBuilder({
    ...{ stories: control.stories, treeOf: noProcess, onChanged: () => undefined },
    onError: (error) => t.fail(String(error)),
    now: () => startAt,
  });
  t.teardown(async () => {
    await builder.close();
    await control.close();
  });
  return { control, builder };
}

/** Ids of the alerts of each story, by the id of the story. */
async function partition(control: ControlStore): Promise<Record<string, readonly string[]>> {
  const { items } = await control.stories.list({ minAlerts: 1 }, 200);
  const parts: [string, readonly string[]][] = [];
  for (const { id } of items)
    parts.push([id, (await control.stories.get(id))?.alerts.map((one) => one.id).sort() ?? []]);
  return Object.fromEntries(parts.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A shuffle that a seed decides. */
function shuffled<T>(all: readonly T[], seed: number): T[] {
  let state = seed;
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
  return all
    .map((one) => ({ one, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

const wanted = {
  'lat-1': ['lat-1', 'lat-2', 'lat-3'],
  ...Object.fromEntries(noise.map(({ id }) => [id, [id]])),
  'web-1': ['web-1', 'web-2', 'web-3', 'web-4'],
};

t.test('each attack is one story and noise is none of it, whatever the order', async (t) => {
  const all = [...exploit, ...lateral, ...noise];
  for (let seed = 1; seed <= 12; seed++) {
    const { control, builder } = await opened(t);
    for (const [i, one] of shuffled(all, seed).entries()) {
      await control.detection.commit(i + 1, [one]);
      if (i % (seed % 4 === 0 ? 100 : (seed % 3) + 1) === 0) await builder.turn();
    }
    while (await builder.turn());
    t.same(await partition(control), wanted, `seed ${seed}`);
  }
});

t.test('what a story says', async (t) => {
  const { control, builder } = await opened(t);
  await control.detection.commit(1, [...exploit, ...noise]);
  while (await builder.turn());
  const { story, alerts } = (await control.stories.get('web-3')) ?? (await control.stories.get('web-1'))!;
  t.match(story, {
    title: 'Rule web-1 on web.lan: execution, discovery, command and control, impact',
    ...{
      level: 'high',
      alerts: 4,
      open: 4,
      beyond: 0,
      hosts: [{ id: 'web', name: 'web.lan' }],
      users: ['root'],
    },
    tactics: ['execution', 'discovery', 'command-and-control', 'impact'],
    confidence: 98,
  });
  t.same(
    alerts.map(({ id, storyId }) => [id, storyId]),
    exploit.map(({ id }) => [id, 'web-1']),
  );
  await control.alerts.setStatus('web-1', 'closed', 'ada', null, 1, 'false-positive');
  await control.stories.refresh('web-1');
  t.match((await control.stories.get('web-1'))?.story, { open: 3, confidence: 96 });
});

t.test('stories that turn out to be one become one, and their old ids lead to it', async (t) => {
  const { control, builder } = await opened(t);
  const [first, , third, fourth] = exploit as [NewAlert, NewAlert, NewAlert, NewAlert];
  await control.detection.commit(1, [fourth]);
  await builder.turn();
  await control.detection.commit(2, [first]);
  await builder.turn();
  t.same(Object.keys(await partition(control)), ['web-1', 'web-4']);
  await control.detection.commit(3, [third]);
  while (await builder.turn());
  t.same(await partition(control), { 'web-1': ['web-1', 'web-3', 'web-4'] });
  for (const id of ['web-1', 'web-4']) t.equal((await control.stories.get(id))?.story.id, 'web-1', id);
  t.equal(await control.stories.get('none'), undefined);
});

t.test('an alert that goes on may come to be related to another', async (t) => {
  const { control, builder } = await opened(t);
  const first = alert('a', { at: 0, event: program('a', 'shell', 'a') });
  const last = alert('b', { at: 400, event: program('b', 'shell', 'b') });
  await control.detection.commit(1, [first, last]);
  while (await builder.turn());
  t.same(Object.keys(await partition(control)), ['a', 'b'], 'too long after');
  await control.detection.commit(2, [
    { ...first, firstEventAt: startAt + 50 * minute, lastEventAt: startAt + 50 * minute },
  ]);
  while (await builder.turn());
  t.same(Object.keys(await partition(control)), ['a', 'b']);
  for (let at = 100; at <= 200; at += 50)
    await control.detection.commit(at, [
      { ...first, firstEventAt: startAt + at * minute, lastEventAt: startAt + at * minute },
    ]);
  while (await builder.turn());
  t.same(await partition(control), { a: ['a', 'b'] });
});

t.test('a story has room for so many alerts; those beyond are counted', async (t) => {
  const { control, builder } = await opened(t);
  const many = Array.from({ length: 510 }, (_, i) =>
    alert(`m${String(i).padStart(3, '0')}`, { at: i / 100, event: program(`e${i}`, 'shell', 'x') }),
  );
  await control.detection.commit(1, many);
  while (await builder.turn());
  const { items } = await control.stories.list({ minAlerts: 1 }, 10);
  t.match(items, [{ id: 'm000', alerts: 500, beyond: 10 }]);
});
