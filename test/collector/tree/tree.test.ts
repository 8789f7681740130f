/** Trees over a real store: journal, segments, and both at once. */
import t, { type Test } from 'tap';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import type { EventReader } from '../../../collector/store/contract.ts';
import { type TreeSubject, usualBounds } from '../../../collector/tree/contract.ts';
import { processTree } from '../../../collector/tree/tree.ts';
import { eventStore } from '../store/event-store.ts';

const host = 'a'.repeat(16);
const other = 'b'.repeat(16);
const second = 1_000_000;
const noon = 1_700_000_000_000_000;
const at = (seconds: number) => noon + seconds * second;

interface Start {
  readonly pid: number;
  readonly parent?: number;
  readonly command: string;
  readonly from: number;
  readonly over?: Record<string, unknown>;
}

function start({ pid, parent, command, from, over = {} }: Start): AnyEvent {
  return {
    type: 'process.start',
    time: at(from),
    'process.pid': pid,
    'process.entity_id': `e${pid}`,
    'process.start': at(from),
    'process.name': command.split(' ')[0] as string,
    'process.command_line': command,
    'user.name': 'ada',
    ...(parent !== undefined && { 'process.parent.pid': parent, 'process.parent.entity_id': `e${parent}` }),
    ...over,
  } as AnyEvent;
}

function end(pid: number, when: number, entity = `e${pid}`): AnyEvent {
  return {
    type: 'process.end',
    time: at(when),
    'process.pid': pid,
    'process.entity_id': entity,
    'process.start': noon,
    'process.name': 'x',
    'process.exit_code': 3,
  };
}

const connection = (pid: number, when: number): AnyEvent => ({
  type: 'network.connection',
  time: at(when),
  'event.action': 'connected',
  'network.transport': 'tcp',
  'source.ip': '10.0.0.1',
  'source.port': 4000 + when,
  'destination.ip': '203.0.113.9',
  'destination.port': 443,
  'network.connection_id': `c${pid}-${when}`,
  'process.pid': pid,
  'process.entity_id': `e${pid}`,
});

const baseline = { 'event.baseline': true, 'process.start': at(-5000) };

/** init → sshd → bash → (curl, sh → nc), and others that are not of it. */
const scene: readonly (readonly [string, ...AnyEvent[]])[] = [
  [
    host,
    start({ pid: 1, command: 'systemd', from: -600, over: { ...baseline, 'process.parent.pid': 0 } }),
    start({ pid: 50, parent: 1, command: 'sshd -D', from: -600, over: baseline }),
  ],
  [host, start({ pid: 100, parent: 50, command: 'bash -i', from: 0 }), connection(50, 1)],
  [other, start({ pid: 100, parent: 50, command: 'on another host', from: 0 })],
  [
    host,
    start({ pid: 101, parent: 100, command: 'curl http://x', from: 2 }),
    connection(101, 3),
    end(101, 4),
    start({ pid: 102, parent: 100, command: 'sh -c nc', from: 5 }),
  ],
  [
    host,
    // The same process runs another program.
    { ...start({ pid: 102, parent: 100, command: 'nc -l', from: 6 }), 'process.start': at(5) } as AnyEvent,
    start({ pid: 103, parent: 102, command: 'id', from: 7 }),
    // A log tells of a login by pid alone.
    {
      type: 'login',
      time: at(8),
      'event.action': 'login',
      'event.outcome': 'success',
      'log.source': 'auth-log',
      'process.pid': 102,
      'user.name': 'ada',
    } as AnyEvent,
    // One without the identity of its parent.
    start({ pid: 104, command: 'whoami', from: 9, over: { 'process.parent.pid': 102 } }),
    start({ pid: 200, parent: 50, command: 'not of it', from: 9 }),
  ],
];

async function setTheScene(t: Test, sealed: number, batches = scene) {
  const store = await eventStore(t);
  for (const [hostId, ...events] of batches) await store.add(hostId, ...events);
  await store.seal(sealed);
  const events: EventReader = {
    search: async (query) => {
      const page = await store.events.search(query);
      return { items: page.items.map((item) => ({ ...item, hostName: 'web-1' })), next: page.next };
    },
    get: async () => undefined,
  };
  const facts = { os: 'linux', enrolledAt: 0, lastSeenAt: 0, connected: true, state: 'active' } as const;
  const hosts = {
    list: async () => [
      { id: host, hostname: 'web-1', ...facts },
      { id: other, hostname: 'db-1', ...facts },
    ],
  };
  const alerts = { get: async () => undefined };
  const tree = (subject: TreeSubject, bounds = {}) =>
    processTree({ events, hosts, alerts, now: () => at(100) }, subject, { ...usualBounds, ...bounds });
  return { ...store, tree };
}

type Tree = Awaited<ReturnType<typeof processTree>>;

/** Each process as `depth pid last-program`, with `<` before the subject. */
const outline = ({ processes }: Tree) =>
  processes.map(
    ({ depth, pid, programs, relation }) =>
      `${relation === 'subject' ? '<' : ''}${depth} ${pid} ${programs.at(-1)?.commandLine ?? '-'}`,
  );
const nodeOf = (tree: Tree, pid: number) => tree.processes.find((process) => process.pid === pid);

const whole = [
  '0 1 systemd',
  '1 50 sshd -D',
  '<2 100 bash -i',
  '3 101 curl http://x',
  '3 102 nc -l',
  '4 103 id',
  '4 104 whoami',
];

for (const sealed of [0, 2, 5]) {
  t.test(`with ${sealed} of 5 batches sealed`, async (t) => {
    const { tree } = await setTheScene(t, sealed);
    const bash = await tree({ by: 'pid', host: 'web-1', pid: 100, at: at(50) });
    t.strictSame(outline(bash), whole, 'ancestors to pid 1, the process, descendants');
    t.equal(bash.subjectKey, 'e100');
    t.match(nodeOf(bash, 1), { sighting: 'running', relation: 'ancestor', startedAt: at(-5000) });
    t.match(nodeOf(bash, 101), { endedAt: at(4), exitCode: 3, sighting: 'started', user: 'ada' });
    t.strictSame(
      nodeOf(bash, 102)?.programs.map(({ commandLine }) => commandLine),
      ['sh -c nc', 'nc -l'],
      'one process, two programs',
    );
    const deeds = bash.processes.map(({ pid, events }) => [pid, events.map(({ event }) => event.type)]);
    t.strictSame(deeds, [
      [1, []],
      [50, ['network.connection']],
      [100, []],
      [101, ['network.connection']],
      [102, ['login']],
      [103, []],
      [104, []],
    ]);
    t.strictSame(bash.leftOut, {
      processes: { count: 0, isAtLeast: false },
      events: { count: 0, isAtLeast: false },
    });
    const curl = await tree({ by: 'entity', id: 'e101' });
    t.strictSame(outline(curl), ['0 1 systemd', '1 50 sshd -D', '2 100 bash -i', '<3 101 curl http://x']);
  });
}

t.test('a pid used again is the process that had it then', async (t) => {
  const again = (from: number, entity: string, command: string) =>
    start({ pid: 300, parent: 50, command, from, over: { 'process.entity_id': entity } });
  const { tree } = await setTheScene(t, 1, [
    [host, again(10, 'first', 'first one'), end(300, 20, 'first')],
    [host, again(30, 'second', 'second one'), end(300, 40, 'second')],
    [host, again(50, 'third', 'third one')],
  ]);
  const by = (when: number) => tree({ by: 'pid', host: 'web-1', pid: 300, at: at(when) });
  t.equal((await by(15)).subjectKey, 'first');
  t.equal((await by(30)).subjectKey, 'second');
  t.equal((await by(99)).subjectKey, 'third');
  await t.rejects(by(25), { code: 'tree.no_process', detail: /ended at/ }, 'none had it');
  await t.rejects(by(5), { code: 'tree.no_process' }, 'none had it yet');
});

t.test('what was never seen is told by its child, and loops end', async (t) => {
  const { tree } = await setTheScene(t, 0, [
    [
      host,
      start({
        pid: 400,
        parent: 399,
        command: 'orphan',
        from: 0,
        over: { 'process.parent.name': 'cron', 'process.parent.command_line': 'cron -f' },
      }),
      start({ pid: 500, parent: 501, command: 'a', from: 0 }),
      start({ pid: 501, parent: 500, command: 'b', from: 0 }),
    ],
    [host, connection(600, 5)],
  ]);
  const orphan = await tree({ by: 'entity', id: 'e400', host: 'web-1' });
  t.strictSame(outline(orphan), ['0 399 cron -f', '<1 400 orphan']);
  t.equal(orphan.processes[0]?.sighting, 'told');
  const loop = await tree({ by: 'entity', id: 'e500' });
  t.strictSame(outline(loop).sort(), ['0 501 b', '<1 500 a']);
  const deed = await tree({ by: 'pid', host, pid: 600, at: at(6) });
  t.match(deed.processes, [{ key: 'e600', sighting: 'acted', startedAt: null }], 'started before the agent');
  t.equal(deed.processes[0]?.events.length, 1);
});

t.test('beyond the bounds is counted, and outside the time is not asked for', async (t) => {
  const many = Array.from({ length: 12 }, (_, i) =>
    start({ pid: 800 + i, parent: 700, command: `child ${i}`, from: i + 1 }),
  );
  const { tree } = await setTheScene(t, 1, [
    [host, start({ pid: 700, command: 'root', from: 0 }), ...many.slice(0, 6)],
    [host, ...many.slice(6), ...Array.from({ length: 9 }, (_, i) => connection(700, 20 + i))],
    [host, start({ pid: 900, parent: 700, command: 'next day', from: 100_000 })],
  ]);
  const root: TreeSubject = { by: 'entity', id: 'e700', at: at(30), host };
  const bounded = await tree(root, { maxProcesses: 5, maxEvents: 4 });
  t.equal(bounded.processes.length, 6);
  t.strictSame(bounded.leftOut.processes, { count: 7, isAtLeast: true });
  t.equal(bounded.processes[0]?.events.length, 4);
  t.strictSame(bounded.leftOut.events, { count: 5, isAtLeast: false });
  t.equal((await tree(root)).processes.length, 13, 'the next day is out of range');
  t.equal((await tree(root, { rangeUs: 200_000 * second })).processes.length, 14);
});

t.test('what nobody knows is refused', async (t) => {
  const { tree } = await setTheScene(t, 0);
  await t.rejects(tree({ by: 'alert', id: 'none' }), { code: 'api.not_found' });
  await t.rejects(tree({ by: 'pid', host: 'nowhere', pid: 1, at: noon }), { code: 'api.not_found' });
  await t.rejects(tree({ by: 'entity', id: 'none' }), { code: 'tree.no_process' });
  await t.rejects(tree({ by: 'entity', id: 'e101', host: other, at: noon }), { code: 'tree.no_process' });
});
