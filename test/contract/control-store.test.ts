/** What every control store must do, whatever is underneath. A new backend adds one entry here. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { noReport } from '#shared/protocol/host-rules.ts';
import {
  alertStatuses,
  type ControlStore,
  levels,
  type NewAccount,
  type NewAlert,
  type NewCredential,
} from '../../collector/store/contract.ts';
import { openControlStore } from '../../collector/store/control/open.ts';
import { newAlert } from '../collector/store/control/new-alert.ts';

const minuteUs = 60_000_000;

interface Backend {
  readonly name: string;
  /** Gives a function that opens the same store, each time over a connection of its own. */
  readonly make: (dir: string) => () => Promise<ControlStore>;
}

const backends: readonly Backend[] = [
  {
    name: 'sqlite, durable',
    make: (dir) => () => openControlStore(join(dir, 'control.db'), { durable: true }),
  },
  {
    name: 'sqlite, not durable',
    make: (dir) => () => openControlStore(join(dir, 'control.db'), { durable: false }),
  },
];

/** One with nothing in particular. */
const newCredential = (over: Partial<NewCredential> & Pick<NewCredential, 'id' | 'kind'>): NewCredential => ({
  ...{ label: '', role: 'viewer', createdAt: 1, expiresAt: null, accountId: null, via: null },
  ...{ scopes: null, address: null, userAgent: null, ...over },
});
const newAccount: Omit<NewAccount, 'id' | 'name'> = {
  ...{ displayName: '', role: 'viewer', passwordHash: null, subject: null, createdAt: 1e15 },
};
const accountEntry = { at: 1, actor: 'test', action: 'user.test', target: 'user', detail: {} };
const facts = { hostname: 'web-1', os: 'linux', kernel: '6.1', agentVersion: '0.1.0' };

for (const backend of backends) {
  t.test(backend.name, async (t) => {
    const fresh = async (t: Test): Promise<[ControlStore, ControlStore]> => {
      const open = backend.make(t.testdir());
      const [one, two] = [await open(), await open()];
      t.teardown(async () => {
        await one.close();
        await two.close();
      });
      return [one, two];
    };

    t.test('hosts: added, seen, disconnected', async (t) => {
      const [{ hosts }, other] = await fresh(t);
      t.same(await hosts.list(), []);
      t.equal(await hosts.get('h1'), undefined);
      await hosts.add('h1', facts, 10);
      t.same(await hosts.get('h1'), {
        id: 'h1',
        ...facts,
        enrolledAt: 10,
        lastSeenAt: null,
        connected: false,
        state: 'active',
      });
      await hosts.seen('h1', 20, true);
      t.match(await hosts.get('h1'), { hostname: 'web-1', lastSeenAt: 20, connected: true });
      await hosts.seen('h1', 30, true, { hostname: 'web-2', os: 'linux' });
      t.same(await other.hosts.get('h1'), {
        id: 'h1',
        hostname: 'web-2',
        os: 'linux',
        enrolledAt: 10,
        lastSeenAt: 30,
        connected: true,
        state: 'active',
      });
      await hosts.disconnectAll();
      t.match(await hosts.list(), [{ id: 'h1', connected: false, lastSeenAt: 30 }]);
      await hosts.seen('unknown', 40, true);
      t.equal((await hosts.list()).length, 1, 'seeing a host that was never added adds nothing');
      await hosts.add('h1', facts, 50);
      t.match(await hosts.list(), [{ id: 'h1', hostname: 'web-1', enrolledAt: 50, lastSeenAt: 30 }]);
    });

    t.test('hosts: many are seen at once', async (t) => {
      const [{ hosts }] = await fresh(t);
      for (const id of ['h1', 'h2', 'h3']) await hosts.add(id, facts, 10);
      await hosts.seenAll([
        { id: 'h1', at: 20, connected: true, facts: { hostname: 'renamed', os: 'linux' } },
        { id: 'h2', at: 20, connected: true },
        { id: 'h2', at: 21, connected: false },
        { id: 'unknown', at: 20, connected: true },
      ]);
      t.match(await hosts.get('h1'), { hostname: 'renamed', connected: true, lastSeenAt: 20 });
      t.match(await hosts.get('h2'), { hostname: facts.hostname, connected: false, lastSeenAt: 21 });
      await hosts.seenConnected(30);
      t.match(await hosts.get('h1'), { connected: true, lastSeenAt: 30 });
      t.match(await hosts.get('h2'), { connected: false, lastSeenAt: 21 });
      t.match(await hosts.get('h3'), { connected: false, lastSeenAt: null });
      t.equal((await hosts.list()).length, 3);
    });

    t.test('detection: the cursor only moves forward', async (t) => {
      const [{ detection }, other] = await fresh(t);
      t.equal(await detection.cursor(), 0);
      await detection.commit(5, []);
      t.equal(await other.detection.cursor(), 5);
      for (const behind of [5, 4, 0]) {
        t.same(await other.detection.commit(behind, [newAlert('x')]), []);
      }
      t.equal(await detection.cursor(), 5);
      t.equal(await other.alerts.get('x'), undefined, 'a commit that is not ahead records nothing');
    });

    t.test('detection: an alert is recorded once and then extended', async (t) => {
      const [{ detection, alerts }] = await fresh(t);
      const begun = {
        ...{ status: 'open', changedAt: null, changedBy: null, note: null, verdict: null, key: null },
        ...{ confidence: 65, confidenceReason: 'the rule says medium; its first on this host' },
        ...{ response: null, entity: {}, samples: [], previousId: null, storyId: null, tree: null },
      };
      const first = newAlert('a', { count: 1, firstEventAt: 100, lastEventAt: 100, eventIds: ['e1'] });
      t.same(await detection.commit(1, [first]), [
        {
          alert: { ...first, ...begun },
          isNew: true,
        },
      ]);
      t.same(await alerts.get('a'), {
        ...first,
        ...begun,
      });
      const again = newAlert('a', { count: 2, firstEventAt: 90, lastEventAt: 300, eventIds: ['e1', 'e2'] });
      const [extended] = await detection.commit(2, [again]);
      t.match(extended, {
        isNew: false,
        alert: { count: 3, firstEventAt: 90, lastEventAt: 300, eventIds: ['e1', 'e2'] },
      });
      await detection.commit(2, [again]);
      t.match(await alerts.get('a'), { count: 3 }, 'the same commit again counts nothing twice');
    });

    t.test('detection: one id twice in a commit is one alert, still new', async (t) => {
      const [{ detection }] = await fresh(t);
      const recorded = await detection.commit(1, [
        newAlert('a', { count: 1, eventIds: ['e1'] }),
        newAlert('b', { count: 1 }),
        newAlert('a', { count: 4, eventIds: ['e2'] }),
      ]);
      t.match(recorded, [
        { isNew: true, alert: { id: 'a', count: 5, eventIds: ['e1', 'e2'] } },
        { isNew: true, alert: { id: 'b' } },
      ]);
    });

    t.test('detection: what a host and the collector count is the same, in any order', async (t) => {
      const counts: readonly (readonly ['host' | 'collector', number])[] = [
        ['host', 2],
        ['collector', 1],
        ['collector', 1],
        ['host', 3],
        ['collector', 3],
      ];
      for (const order of [counts, counts.toReversed()]) {
        const [{ detection, alerts }] = await fresh(t);
        let cursor = 0;
        let [host, collector] = [0, 0];
        for (const [by, count] of order) {
          if (by === 'host') host += count;
          else collector += count;
          const [one] = await detection.commit(++cursor, [
            newAlert('a', { count, ...(by === 'host' && { byHost: true }) }),
          ]);
          t.match(one, { isNew: cursor === 1, alert: { count: Math.max(host, collector) } });
        }
        t.match(await alerts.get('a'), { count: 5 });
      }
    });

    t.test(
      'detection: hits of one key that follow one another are one alert, by whomever and in any order',
      async (t) => {
        const of = (id: string, from: number, to: number, more: Partial<NewAlert> = {}) =>
          newAlert(id, {
            key: 'k',
            firstEventAt: from * minuteUs,
            lastEventAt: to * minuteUs,
            count: 3,
            ...more,
          });
        const given = [
          of('edge-1', 100, 130, { byHost: true }),
          of('central-1', 110, 140),
          of('central-1', 150, 150, { count: 1 }),
          of('central-2', 205, 210),
          of('central-3', 271, 275),
          of('other', 120, 125, { key: 'of another entity' }),
        ];
        const [{ detection, alerts }] = await fresh(t);
        for (const [i, alert] of given.entries()) await detection.commit(i + 1, [alert]);
        t.match(await alerts.get('edge-1'), {
          ...{ count: 7, firstEventAt: 100 * minuteUs, lastEventAt: 210 * minuteUs, previousId: null },
        });
        t.match(await alerts.get('central-3'), { count: 3, previousId: 'edge-1' }, 'an hour was quiet');
        t.match(await alerts.get('other'), { count: 3, previousId: null });
        const [{ detection: atOnce, alerts: same }] = await fresh(t);
        await atOnce.commit(1, given);
        t.same((await same.list({}, 10)).items, (await alerts.list({}, 10)).items);
      },
    );

    t.test('detection: an alert lasts so many hours of the clock at most', async (t) => {
      const [{ detection, alerts }] = await fresh(t);
      for (let i = 0; i < 60; i++) {
        const at = (30 + i * 30) * minuteUs;
        await detection.commit(i + 1, [newAlert(`a${i}`, { key: 'k', firstEventAt: at, lastEventAt: at })]);
      }
      const { items } = await alerts.list({}, 100);
      t.same(items.map(({ id, count, previousId }) => [id, count, previousId]).sort(), [
        ['a0', 47, null],
        ['a47', 13, 'a0'],
      ]);
    });

    t.test('detection: a hit after an alert was closed begins another, which names it', async (t) => {
      const [{ detection, alerts }] = await fresh(t);
      const at = (id: string, minute: number, more: Partial<NewAlert> = {}) =>
        newAlert(id, { key: 'k', firstEventAt: minute * minuteUs, lastEventAt: minute * minuteUs, ...more });
      await detection.commit(1, [at('a', 10, { byHost: true }), at('a', 20, { byHost: true })]);
      await alerts.setStatus('a', 'closed', 'ada', null, 30 * minuteUs, 'false-positive');
      await detection.commit(2, [at('a', 10), at('late', 20)]);
      t.match(await alerts.get('a'), { count: 2, status: 'closed' }, 'what came before is its own');
      t.equal(await alerts.get('late'), undefined);
      await detection.commit(3, [at('b', 21)]);
      t.match(await alerts.get('b'), { status: 'open', previousId: 'a', count: 1 });
      t.match((await alerts.get('b'))?.confidenceReason, 'of 1 judged alerts about the same 0 were true');
      t.ok(((await alerts.get('b'))?.confidence ?? 100) < 60);
    });

    t.test(
      'detection: beyond a bound of different things an hour, one alert counts the others',
      async (t) => {
        const [{ detection, alerts }] = await fresh(t);
        const one = (i: number, more: Partial<NewAlert> = {}) =>
          newAlert(`a${i}`, { key: `k${i}`, count: 2, firstEventAt: 7, lastEventAt: 7, ...more });
        await detection.commit(
          1,
          Array.from({ length: 1010 }, (_, i) => one(i)),
        );
        await detection.commit(2, [one(3), one(1005, { byHost: true }), one(2000, { hostId: 'h2' })]);
        const counts = await alerts.countByRule(0, Number.MAX_SAFE_INTEGER);
        t.match(counts, [{ alerts: 1002, events: 2024 }], 'each is counted somewhere');
        t.match(await alerts.get('a3'), { count: 4 });
        t.match(await alerts.get('a2000'), { hostId: 'h2', count: 2 });
        const more = (await alerts.list({ hostId: 'h1' }, 500)).items.concat(
          (await alerts.list({ hostId: 'h1' }, 500, (await alerts.list({ hostId: 'h1' }, 500)).next ?? ''))
            .items,
        );
        t.equal(more.length, 1000);
      },
    );

    t.test(
      'detection: hidden hits are counted by their exception, and an alert where that is gone',
      async (t) => {
        const [{ detection, alerts, alertExceptions: exceptions }, other] = await fresh(t);
        const scope = { ruleId: 'rule-1', key: null, hosts: null, filter: '', reason: 'r' };
        const made = { id: 'x', ...scope, madeAt: 1, madeBy: 'ada', expiresAt: 99 };
        const entry = { at: 1, actor: 'ada', action: 'exception.make', target: 'exception x', detail: {} };
        t.equal(await exceptions.add(made, 1, entry), true);
        t.equal(await exceptions.add({ ...made, id: 'y' }, 1, entry), false, 'there are as many as may be');
        const hidden = (count: number, over: Partial<NewAlert> = {}) =>
          newAlert('a', { key: 'k', count, exceptionId: 'x', lastEventAt: 70, ...over });
        t.same(await detection.commit(1, [hidden(3, { byHost: true })]), []);
        t.same(await detection.commit(2, [hidden(2), hidden(2)]), []);
        await detection.commit(2, [hidden(50)]);
        t.match(await other.alertExceptions.list(), [
          { id: 'x', hits: 4, lastHitAt: 70, lastHost: 'web-1', lastRule: 'Shell with a network socket' },
        ]);
        t.equal(await alerts.get('a'), undefined);
        t.match(await exceptions.remove('x', { ...entry, action: 'exception.remove' }), { hits: 4 });
        t.equal(await exceptions.remove('x', entry), undefined);
        t.match(await detection.commit(3, [hidden(1)]), [{ isNew: true, alert: { id: 'a', count: 1 } }]);
        await exceptions.add(made, 1, entry);
        t.equal(await exceptions.prune(99), 0);
        t.equal(await exceptions.prune(100), 1);
        t.same(await exceptions.list(), []);
      },
    );

    t.test('alerts: closed ones are given up first, then the oldest, and counted', async (t) => {
      const [{ detection, alerts, stories }] = await fresh(t);
      const of = (id: string, at: number) =>
        newAlert(id, { key: id, raisedAt: at, firstEventAt: at, lastEventAt: at });
      const all = Array.from({ length: 10 }, (_, i) => of(`a${i}`, 100 + i));
      await detection.commit(1, all);
      await stories.place(
        all.map(({ id: alertId, firstEventAt, lastEventAt }) => ({
          ...{ alertId, firstEventAt, lastEventAt, relations: [] },
        })),
      );
      for (const id of ['a1', 'a4', 'a8']) await alerts.setStatus(id, 'closed', 'ada', null, 1);
      const left = async () => (await alerts.list({}, 100)).items.map(({ id }) => id).toReversed();
      t.equal(await alerts.prune(0, 100, 100), 0);
      t.equal(await alerts.prune(104, 100, 100), 1, 'closed and old');
      t.same(await left(), ['a0', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8', 'a9']);
      t.equal(await alerts.prune(0, 8, 100), 1, 'closed before the oldest');
      t.equal(await alerts.prune(0, 5, 100), 3);
      t.same(await left(), ['a3', 'a5', 'a6', 'a7', 'a9']);
      t.equal(await alerts.prune(0, 1, 2), 2, 'so many at once');
      t.equal(await alerts.pruned(), 7);
      t.equal(await stories.get('a0'), undefined, 'a story without alerts is gone');
      t.ok(await stories.get('a9'));
    });

    t.test('what hosts say of their rules', async (t) => {
      const [{ hostBundles }, other] = await fresh(t);
      t.same(await hostBundles.list(), []);
      await hostBundles.putAll({ said: [], wanted: [{ hostId: 'h1', version: 7, digest: 'd7' }] });
      t.match(await other.hostBundles.get('h1'), { status: 'none', version: 0, wanted: { version: 7 } });
      const said = {
        ...({ hostId: 'h1', status: 'in-force', version: 7, digest: 'd7', expiresAt: 90 } as const),
        ...{ code: '', detail: '', since: 20, toldAt: 21, report: { ...noReport, alerts: 4 } },
      };
      await hostBundles.putAll({ said: [said], wanted: [] });
      t.same(await other.hostBundles.list(), [{ ...said, wanted: { version: 7, digest: 'd7' } }]);
      await hostBundles.putAll({ said: [{ ...said, hostId: 'h0' }], wanted: [] });
      t.match(await hostBundles.list(), [{ hostId: 'h0', wanted: null }, { hostId: 'h1' }]);
    });

    t.test('detection: evidence is bounded, the count is not', async (t) => {
      const [{ detection, alerts }] = await fresh(t);
      const ids = (from: number) => Array.from({ length: 80 }, (_, i) => `e${from + i}`);
      await detection.commit(1, [newAlert('a', { count: 80, eventIds: ids(0) })]);
      await detection.commit(2, [newAlert('a', { count: 80, eventIds: ids(80) })]);
      const alert = await alerts.get('a');
      t.equal(alert?.count, 160);
      t.same(alert?.eventIds, [...ids(0).slice(0, 50), ...ids(80).slice(30)]);
    });

    t.test('detection: extending leaves what a person decided', async (t) => {
      const [{ detection, alerts }] = await fresh(t);
      await detection.commit(1, [newAlert('a')]);
      await alerts.setStatus('a', 'acknowledged', 'ada', 'known job', 500);
      const [extended] = await detection.commit(2, [newAlert('a')]);
      t.match(extended?.alert, { status: 'acknowledged', changedBy: 'ada', note: 'known job', count: 2 });
    });

    t.test('detection: a snapshot is kept with the cursor it belongs to', async (t) => {
      const [{ detection }, other] = await fresh(t);
      t.equal(await detection.snapshot(), undefined);
      const bytes = (n: number) => new Uint8Array([n, 0, 255]);
      await detection.commit(3, [], bytes(3));
      const plain = async (from: ControlStore) => {
        const kept = await from.detection.snapshot();
        return kept && { cursor: kept.cursor, data: [...kept.data] };
      };
      t.same(await plain(other), { cursor: 3, data: [3, 0, 255] });
      await detection.commit(4, []);
      t.same(await plain(other), { cursor: 3, data: [3, 0, 255] }, 'a commit without one leaves it');
      await detection.commit(4, [], bytes(9));
      t.equal((await plain(other))?.cursor, 3, 'a commit that is not ahead keeps none');
      t.equal(await detection.keepSnapshot({ cursor: 3, data: bytes(8) }), false);
      t.equal(await detection.keepSnapshot({ cursor: 5, data: bytes(8) }), false);
      t.same(await plain(other), { cursor: 3, data: [3, 0, 255] });
      t.equal(await detection.keepSnapshot({ cursor: 4, data: bytes(4) }), true);
      t.same(await plain(other), { cursor: 4, data: [4, 0, 255] });
    });

    t.test('detection: two writers never lose or double an alert', async (t) => {
      const [one, two] = await fresh(t);
      const results = await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          (i % 2 === 0 ? one : two).detection.commit(i + 1, [newAlert('a', { eventIds: [`e${i}`] })]),
        ),
      );
      const committed = results.filter((recorded) => recorded.length > 0);
      t.equal((await one.alerts.get('a'))?.count, committed.length);
      t.equal(committed.filter(([first]) => first?.isNew).length, 1);
      t.equal(await two.detection.cursor(), 40);
    });

    t.test('alerts: status, note and counts', async (t) => {
      const [{ detection, alerts }] = await fresh(t);
      t.same(await alerts.countByStatus(), { open: 0, acknowledged: 0, closed: 0 });
      await detection.commit(
        1,
        levels.map((level) => newAlert(level, { level })),
      );
      t.same(await alerts.countByStatus(), { open: 5, acknowledged: 0, closed: 0 });
      t.match(await alerts.setStatus('high', 'acknowledged', 'ada', 'looking', 7), {
        id: 'high',
        status: 'acknowledged',
        changedBy: 'ada',
        changedAt: 7,
        note: 'looking',
      });
      t.match(await alerts.setStatus('high', 'closed', 'bob', null, 8), {
        note: 'looking',
        changedBy: 'bob',
      });
      t.match(await alerts.setStatus('high', 'closed', 'bob', null, 9, 'false-positive'), {
        verdict: 'false-positive',
      });
      t.match(await alerts.setStatus('high', 'closed', 'bob', null, 10), { verdict: 'false-positive' });
      t.match((await alerts.list({ verdict: 'false-positive' }, 10)).items, [{ id: 'high' }]);
      t.same((await alerts.list({ verdict: 'true-positive' }, 10)).items, []);
      t.match(await alerts.countByRule(0, Number.MAX_SAFE_INTEGER), [
        { ruleId: 'rule-1', falsePositives: 1, truePositives: 0 },
      ]);
      t.same(await alerts.countByRule(0, 1), []);
      t.equal(await alerts.setStatus('none', 'closed', 'bob', null, 8), undefined);
      t.same(await alerts.countByStatus(), { open: 4, acknowledged: 0, closed: 1 });
      t.same(await alerts.countOpenByLevel(), { informational: 1, low: 1, medium: 1, high: 0, critical: 1 });
    });

    t.test('alerts: every filter', async (t) => {
      const [{ detection, alerts }] = await fresh(t);
      await detection.commit(
        1,
        levels.map((level, i) =>
          newAlert(level, { level, raisedAt: 100 + i, hostId: `h${i % 2}`, ruleId: `r${i % 3}` }),
        ),
      );
      await alerts.setStatus('low', 'closed', 'ada', null, 1);
      const ids = async (filter: Parameters<typeof alerts.list>[0]) =>
        (await alerts.list(filter, 10)).items.map((alert) => alert.id);
      t.same(await ids({}), ['critical', 'high', 'medium', 'low', 'informational'], 'newest first');
      t.same(await ids({ status: 'closed' }), ['low']);
      t.same(await ids({ hostId: 'h1' }), ['high', 'low']);
      t.same(await ids({ ruleId: 'r0' }), ['high', 'informational']);
      t.same(await ids({ minLevel: 'high' }), ['critical', 'high']);
      t.same(await ids({ since: 102, until: 103 }), ['high', 'medium']);
      t.same(await ids({ status: 'open', hostId: 'h0', minLevel: 'medium' }), ['critical', 'medium']);
      for (const status of alertStatuses) t.ok((await ids({ status })).every((id) => id.length > 0));
    });

    t.test('alerts: by tag, technique, key and story', async (t) => {
      const [{ alerts, detection, stories }] = await fresh(t);
      await detection.commit(1, [
        newAlert('shell', { raisedAt: 1, tags: ['attack.t1059.004'], key: 'k1' }),
        newAlert('other', { raisedAt: 2, tags: ['attack.t10590', 'Odd%_"tag'] }),
      ]);
      const { firstEventAt, lastEventAt } = newAlert('shell');
      await stories.place([{ alertId: 'shell', firstEventAt, lastEventAt, relations: [] }]);
      const ids = async (filter: Parameters<typeof alerts.list>[0]) =>
        (await alerts.list(filter, 10)).items.map((alert) => alert.id);
      t.same(await ids({ tag: 'attack.t1059' }), ['shell'], 'with the techniques under it');
      t.same(await ids({ tag: 'ATTACK.T1059.004' }), ['shell']);
      t.same(await ids({ tag: 'odd%_"tag' }), ['other']);
      t.same(await ids({ tag: 'odd%' }), [], 'its characters stand for themselves');
      t.same(await ids({ key: 'k1' }), ['shell']);
      t.same(await ids({ key: 'k2' }), []);
      t.same(await ids({ storyId: 'shell' }), ['shell']);
    });

    t.test('alerts: by text and user, over pages that may be short', async (t) => {
      const [{ alerts, detection }] = await fresh(t);
      const of = (i: number): NewAlert => {
        const { event } = newAlert('');
        const user = i % 1000 === 0 ? 'mallory' : 'www-data';
        return newAlert(`a${String(i).padStart(5, '0')}`, {
          raisedAt: i,
          hostName: 'web-1',
          event: { ...event, 'user.name': user, 'process.command_line': `curl http://x/${i}` },
        });
      };
      for (let at = 0; at < 5200; at += 1300)
        await detection.commit(
          at + 1,
          Array.from({ length: 1300 }, (_, i) => of(at + i)),
        );
      const all = async (filter: Parameters<typeof alerts.list>[0], limit: number) => {
        const found: string[] = [];
        let pages = 0;
        for (let cursor: string | undefined; ; pages++) {
          const page = await alerts.list(filter, limit, cursor);
          t.ok(page.items.length <= limit);
          found.push(...page.items.map(({ id }) => id));
          if (page.next === null) return { found, pages: pages + 1 };
          cursor = page.next;
        }
      };
      const mallory = [5, 4, 3, 2, 1, 0].map((n) => `a0${n}000`);
      const byUser = await all({ user: 'mallory' }, 100);
      t.same(byUser.found, mallory, 'none skipped, none twice');
      t.equal(byUser.pages, 2, 'one page ends where much was looked at');
      t.same((await all({ user: 'mallory' }, 2)).found, mallory);
      t.same((await all({ text: 'HTTP://X/4321' }, 10)).found, ['a04321'], 'whatever the case');
      t.same((await all({ text: 'network socket', status: 'closed' }, 10)).found, []);
    });

    t.test('alerts over time, by level', async (t) => {
      const [{ alerts, detection }] = await fresh(t);
      const raised = [
        [99, 'high'],
        [100, 'high'],
        [109, 'high'],
        [110, 'low'],
        [199, 'critical'],
        [200, 'critical'],
      ] as const;
      await detection.commit(
        1,
        raised.map(([raisedAt, level]) => newAlert(`a${raisedAt}`, { raisedAt, level })),
      );
      const none = { informational: 0, low: 0, medium: 0, high: 0, critical: 0 };
      t.same(await alerts.histogram(100, 200, 10), [
        { at: 100, byLevel: { ...none, high: 2 } },
        { at: 110, byLevel: { ...none, low: 1 } },
        { at: 190, byLevel: { ...none, critical: 1 } },
      ]);
    });

    t.test('alerts: pages neither skip nor repeat while new ones arrive', async (t) => {
      const [{ detection, alerts }] = await fresh(t);
      const name = (i: number) => `a${String(i).padStart(3, '0')}`;
      // Three of a kind share an instant, so that pages break inside a tie.
      const make = (i: number) => newAlert(name(i), { raisedAt: 1000 + Math.floor(i / 3) });
      await detection.commit(
        1,
        Array.from({ length: 25 }, (_, i) => make(i)),
      );
      const seen: string[] = [];
      let cursor: string | undefined;
      for (let page = 0; ; page++) {
        const { items, next } = await alerts.list({}, 4, cursor);
        seen.push(...items.map((alert) => alert.id));
        await detection.commit(2 + page, [make(100 + page)]);
        if (next === null) break;
        cursor = next;
      }
      t.same(
        seen,
        Array.from({ length: 25 }, (_, i) => name(24 - i)),
      );
      await t.rejects(alerts.list({}, 4, 'bm9uc2Vuc2U'), { code: 'store.cursor_invalid' });
    });

    t.test('enrolment tokens: as many uses as allowed, however many try at once', async (t) => {
      const [one, two] = await fresh(t);
      const token = { id: 't1', createdAt: 10, expiresAt: 100, maxUses: 3, hostPattern: 'web-*' };
      await one.enrolment.add(token, 'hash');
      t.equal(await one.enrolment.take('other', 20), false);
      t.equal(await one.enrolment.take('hash', 100), false, 'expired at its last instant');
      const takes = await Promise.all(
        Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? one : two).enrolment.take('hash', 20)),
      );
      t.equal(takes.filter(Boolean).length, 3);
      t.same(await two.enrolment.list(), [{ ...token, uses: 3, revokedAt: null }]);
    });

    t.test('enrolment tokens: found by secret, useless once revoked', async (t) => {
      const [one, two] = await fresh(t);
      const token = { id: 't1', createdAt: 10, expiresAt: 100, maxUses: 3, hostPattern: null };
      await one.enrolment.add(token, 'hash');
      t.equal(await two.enrolment.find('other'), undefined);
      t.same(await two.enrolment.find('hash'), { ...token, uses: 0, revokedAt: null });
      t.equal(await one.enrolment.revoke('t2', 30), undefined);
      t.match(await one.enrolment.revoke('t1', 30), { id: 't1', revokedAt: 30 });
      t.match(await two.enrolment.revoke('t1', 40), { revokedAt: 30 }, 'keeps its first time');
      t.equal(await two.enrolment.take('hash', 20), false);
    });

    t.test('host states, and names of other active hosts', async (t) => {
      const [{ hosts }, other] = await fresh(t);
      await hosts.add('h1', facts, 10);
      await hosts.add('h2', { hostname: 'DB-1', os: 'linux' }, 10);
      t.equal(await hosts.setState('h3', 'revoked', 'stolen', 20), undefined);
      t.match(await hosts.setState('h1', 'revoked', 'stolen', 20), { id: 'h1', state: 'revoked' });
      t.match(await other.hosts.get('h1'), { state: 'revoked', stateReason: 'stolen', stateAt: 20 });
      t.equal(await hosts.isNameOfAnother('h1', 'db-1'), true);
      t.equal(await hosts.isNameOfAnother('h2', 'db-1'), false, 'its own');
      t.equal(await hosts.isNameOfAnother('h2', 'web-1'), false, 'of one that is not active');
    });

    t.test('certificates: recorded, revoked by serial or fingerprint, forgotten once useless', async (t) => {
      const [{ certificates }, other] = await fresh(t);
      const first = { serial: '4a', hostId: 'h1', fingerprint: 'f1', issuedAt: 10, expiresAt: 100 };
      const second = { serial: '4b', hostId: 'h1', fingerprint: 'f2', issuedAt: 50, expiresAt: 200 };
      const unrevoked = { revokedAt: null, revokedReason: null };
      await certificates.add(first, 0);
      await certificates.add(second, 0);
      t.same(await other.certificates.get('4a'), { ...first, ...unrevoked });
      t.equal(await certificates.get('4c'), undefined);
      t.same(
        await certificates.list('h1'),
        [second, first].map((one) => ({ ...one, ...unrevoked })),
      );
      t.match(await certificates.revoke('4a', 'lost', 60), { revokedAt: 60, revokedReason: 'lost' });
      t.match(await certificates.revoke('f2', 'lost', 61), { serial: '4b', revokedAt: 61 });
      t.equal(await certificates.revoke('4c', 'lost', 60), undefined);
      await certificates.add({ ...first, serial: '4d' }, 101);
      t.same(
        (await certificates.list('h1')).map(({ serial }) => serial),
        ['4b', '4d'].sort(),
      );
    });

    t.test('alerts without an event behind them: raised once, then extended', async (t) => {
      const [one, two] = await fresh(t);
      t.match(await one.alerts.raise(newAlert('own')), { isNew: true, alert: { id: 'own', status: 'open' } });
      const before = (await two.alerts.get('own'))?.count as number;
      t.match(await two.alerts.raise(newAlert('own')), { isNew: false, alert: { count: 2 * before } });
      t.equal(await one.detection.cursor(), 0);
    });

    t.test('credentials: found by kind and secret until they expire', async (t) => {
      const [{ credentials }] = await fresh(t);
      const session = newCredential({ id: 's1', kind: 'session', expiresAt: 100, label: 'ada' });
      const token = newCredential({ id: 't1', kind: 'token', scopes: ['read'], label: 'ci' });
      await credentials.add(session, 'hash-s');
      await credentials.add(token, 'hash-t');
      const seen = { hasSecondFactor: false, lastSeenAt: null };
      t.same(await credentials.find('session', 'hash-s', 99), { ...session, ...seen, name: 'ada' });
      t.equal(await credentials.find('session', 'hash-s', 100), undefined);
      t.equal(await credentials.find('token', 'hash-s', 50), undefined, 'another kind');
      t.same(
        await credentials.find('token', 'hash-t', 1e15),
        { ...token, ...seen, name: 'ci' },
        'never expires',
      );
      t.equal(await credentials.removeExpired(100), 1);
      t.equal(await credentials.find('session', 'hash-s', 50), undefined);
      await credentials.remove('t1');
      t.equal(await credentials.find('token', 'hash-t', 50), undefined);
    });

    t.test('credentials: taken once, however many try at once', async (t) => {
      const [one, two] = await fresh(t);
      const link = newCredential({ id: 'l1', kind: 'sign-in-link', expiresAt: 100 });
      await one.credentials.add(link, 'hash');
      t.equal(await one.credentials.take('sign-in-link', 'hash', 100), undefined, 'expired');
      const takes = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          (i % 2 === 0 ? one : two).credentials.take('sign-in-link', 'hash', 50),
        ),
      );
      t.match(
        takes.filter((taken) => taken !== undefined),
        [{ id: 'l1' }],
      );
    });

    t.test('credentials: of a kind and account only so many, idle sessions none', async (t) => {
      const [{ credentials, accounts }] = await fresh(t);
      const [admin] = await accounts.list();
      const accountId = admin?.id ?? '';
      for (const n of [1, 2, 3])
        await credentials.add(
          newCredential({ id: `s${n}`, kind: 'session', createdAt: n, accountId }),
          `h${n}`,
        );
      await credentials.touch('s1', 10);
      await credentials.add(newCredential({ id: 's4', kind: 'session', createdAt: 4, accountId }), 'h4', 3);
      const ids = async () => (await credentials.list('session', accountId, 0)).map(({ id }) => id);
      t.same(await ids(), ['s4', 's3', 's1'], 'the one used longest ago went');
      t.match(await credentials.get('s1'), { lastSeenAt: 10, name: 'admin', role: 'admin' });
      t.equal(await credentials.rotate('s1', 'other', 99), true);
      t.equal(await credentials.find('session', 'h1', 0), undefined);
      t.match(await credentials.find('session', 'other', 0), { id: 's1', expiresAt: 99 });
      t.equal(await credentials.rotate('gone', 'x', null), false);
      t.equal(await credentials.removeExpired(0, 4), 1);
      t.same(await ids(), ['s4', 's1']);
      await accounts.add({ ...newAccount, id: 'ada', name: 'Ada', role: 'admin' }, 10, accountEntry);
      await accounts.change(accountId, { isDisabled: true }, accountEntry);
      t.same(await ids(), [], 'disabling ends them');
    });

    t.test('accounts: one of a name whatever its case, and always an admin', async (t) => {
      const [{ accounts, audit, credentials }] = await fresh(t);
      const [admin] = await accounts.list();
      t.match(admin, { name: 'admin', role: 'admin', passwordHash: null, isDisabled: false });
      const id = admin?.id ?? '';
      const ada = { ...newAccount, id: 'ada', name: 'Ada', subject: { issuer: 'https://i', subject: '7' } };
      t.equal(await accounts.add(ada, 2, accountEntry), 'added');
      t.equal(await accounts.add({ ...newAccount, id: 'x', name: 'aDA' }, 5, accountEntry), 'taken');
      t.equal(
        await accounts.add({ ...ada, id: 'x', name: 'other' }, 5, accountEntry),
        'taken',
        'the subject',
      );
      t.equal(await accounts.add({ ...newAccount, id: 'x', name: 'bob' }, 2, accountEntry), 'full');
      t.match(await accounts.byName('ADA'), { id: 'ada', name: 'Ada' });
      t.match(await accounts.bySubject('https://i', '7'), { id: 'ada' });
      t.equal(await accounts.bySubject('https://i', '8'), undefined);
      for (const change of [{ role: 'viewer' }, { isDisabled: true }] as const)
        await t.rejects(accounts.change(id, change, accountEntry), { code: 'access.last_admin' });
      await t.rejects(accounts.remove(id, accountEntry), { code: 'access.last_admin' });
      t.match(await accounts.get(id), { role: 'admin', isDisabled: false }, 'and nothing changed');
      await credentials.add(newCredential({ id: 's1', kind: 'session', accountId: 'ada' }), 'h1');
      await credentials.add(newCredential({ id: 't1', kind: 'token', accountId: 'ada' }), 'h2');
      t.match(await accounts.change('ada', { role: 'admin' }, accountEntry), { role: 'admin' });
      t.equal(await credentials.get('s1'), undefined, 'another role ends sessions');
      t.match(await credentials.get('t1'), { role: 'admin', name: 'Ada' }, 'tokens have the new one');
      t.match(await accounts.remove('ada', accountEntry), { id: 'ada' });
      t.equal(await credentials.get('t1'), undefined);
      t.equal(await accounts.remove('ada', accountEntry), undefined);
      t.equal((await audit.list({ action: 'user.test' }, 100)).items.length, 3, 'each change once');
    });

    t.test('accounts: passwords, steps of time and recovery codes', async (t) => {
      const [{ accounts, credentials }] = await fresh(t);
      await accounts.add({ ...newAccount, id: 'ada', name: 'ada' }, 10, accountEntry);
      for (const n of [1, 2])
        await credentials.add(newCredential({ id: `s${n}`, kind: 'session', accountId: 'ada' }), `h${n}`);
      await accounts.setPassword('ada', 'hash-1', 's2', accountEntry);
      t.equal(await credentials.get('s1'), undefined);
      t.ok(await credentials.get('s2'));
      await accounts.rehash('ada', 'hash-0', 'hash-2');
      t.match(await accounts.get('ada'), { passwordHash: 'hash-1' }, 'changed meanwhile');
      await accounts.rehash('ada', 'hash-1', 'hash-2');
      t.match(await accounts.get('ada'), { passwordHash: 'hash-2', lastSignInAt: null });
      t.equal(await accounts.confirmSecondFactor('ada', 5, [], accountEntry), false, 'none began');
      t.equal(await accounts.beginSecondFactor('ada', 'SECRET'), true);
      t.equal(await accounts.confirmSecondFactor('ada', 5, ['a', 'b'], accountEntry), true);
      t.equal(await accounts.beginSecondFactor('ada', 'OTHER'), false, 'one is in force');
      t.equal(await accounts.confirmSecondFactor('ada', 5, [], accountEntry), false);
      t.match(await accounts.get('ada'), { secondFactor: { secret: 'SECRET', lastStep: 5 } });
      t.same(await Promise.all([5, 6, 6, 4].map((step) => accounts.spendStep('ada', step))), [
        false,
        true,
        false,
        false,
      ]);
      t.same(await Promise.all(['a', 'a', 'c'].map((hash) => accounts.spendRecoveryCode('ada', hash))), [
        true,
        false,
        false,
      ]);
      await accounts.setRecoveryCodes('ada', ['d'], accountEntry);
      t.equal(await accounts.spendRecoveryCode('ada', 'b'), false);
      await accounts.removeSecondFactor('ada', accountEntry);
      t.match(await accounts.get('ada'), { secondFactor: null });
      t.equal(await accounts.spendRecoveryCode('ada', 'd'), false);
      await accounts.signedIn('ada', 77);
      t.match(await accounts.get('ada'), { lastSignInAt: 77 });
    });

    t.test('what was written is there after closing', async (t) => {
      const open = backend.make(t.testdir());
      const before = await open();
      await before.hosts.add('h1', facts, 10);
      await before.detection.commit(9, [newAlert('a')]);
      await before.close();
      const after = await open();
      t.teardown(() => after.close());
      t.equal(await after.detection.cursor(), 9);
      t.match(await after.alerts.get('a'), { id: 'a' });
      t.match(await after.hosts.get('h1'), facts);
    });
  });
}
