/** What every control store must do, whatever is underneath. A new backend adds one entry here. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { noReport } from '#shared/protocol/host-rules.ts';
import { alertStatuses, type ControlStore, levels, type NewAlert } from '../../collector/store/contract.ts';
import { openControlStore } from '../../collector/store/control/open.ts';
import { newAlert } from '../collector/store/control/new-alert.ts';

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
      const first = newAlert('a', { count: 1, firstEventAt: 100, lastEventAt: 100, eventIds: ['e1'] });
      t.same(await detection.commit(1, [first]), [
        {
          alert: { ...first, status: 'open', changedAt: null, changedBy: null, note: null, verdict: null },
          isNew: true,
        },
      ]);
      t.same(await alerts.get('a'), {
        ...first,
        status: 'open',
        changedAt: null,
        changedBy: null,
        note: null,
        verdict: null,
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

    t.test('detection: one episode of a correlation begun at different events is one alert', async (t) => {
      const [{ detection, alerts }] = await fresh(t);
      const of = (id: string, from: number, to: number, more: Partial<NewAlert> = {}) =>
        newAlert(id, { groupKey: 'g', firstEventAt: from, lastEventAt: to, count: 3, ...more });
      const [first] = await detection.commit(1, [of('edge-1', 100, 130, { byHost: true })]);
      t.match(first, { isNew: true, alert: { id: 'edge-1' } });
      const [same] = await detection.commit(2, [of('central-1', 110, 140)]);
      t.match(same, { isNew: false, alert: { id: 'edge-1', count: 3, lastEventAt: 140 } }, 'it is the same');
      await detection.commit(3, [of('central-1', 150, 150, { count: 1 })]);
      t.match(await alerts.get('edge-1'), { count: 4 }, 'and so is what goes on under its other id');
      const [next] = await detection.commit(4, [of('central-2', 120, 160)]);
      t.match(next, { isNew: true, alert: { id: 'central-2' } }, 'an episode is the twin of one other only');
      const [other] = await detection.commit(5, [of('edge-3', 900, 950, { byHost: true })]);
      t.match(other, { isNew: true }, 'one at another time is another');
      const [stranger] = await detection.commit(6, [of('c', 900, 950, { groupKey: 'of another group' })]);
      t.match(stranger, { isNew: true });
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
      t.same(alert?.eventIds, [...ids(0), ...ids(80).slice(0, 20)]);
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
      const session = {
        id: 's1',
        kind: 'session',
        name: 'ada',
        role: 'analyst',
        createdAt: 1,
        expiresAt: 100,
      } as const;
      const token = {
        id: 't1',
        kind: 'token',
        name: 'ci',
        role: 'viewer',
        createdAt: 1,
        expiresAt: null,
      } as const;
      await credentials.add(session, 'hash-s');
      await credentials.add(token, 'hash-t');
      t.same(await credentials.find('session', 'hash-s', 99), session);
      t.equal(await credentials.find('session', 'hash-s', 100), undefined);
      t.equal(await credentials.find('token', 'hash-s', 50), undefined, 'another kind');
      t.same(await credentials.find('token', 'hash-t', 1e15), token, 'never expires');
      t.equal(await credentials.removeExpired(100), 1);
      t.equal(await credentials.find('session', 'hash-s', 50), undefined);
      await credentials.remove('t1');
      t.equal(await credentials.find('token', 'hash-t', 50), undefined);
    });

    t.test('credentials: taken once, however many try at once', async (t) => {
      const [one, two] = await fresh(t);
      const link = {
        id: 'l1',
        kind: 'sign-in-link',
        name: 'admin',
        role: 'admin',
        createdAt: 1,
        expiresAt: 100,
      } as const;
      await one.credentials.add(link, 'hash');
      t.equal(await one.credentials.take('sign-in-link', 'hash', 100), undefined, 'expired');
      const takes = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          (i % 2 === 0 ? one : two).credentials.take('sign-in-link', 'hash', 50),
        ),
      );
      t.same(
        takes.filter((taken) => taken !== undefined),
        [link],
      );
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
