/** Other rules in force between two batches: what goes on, what begins, what is durable, and what a failure leaves. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { type AnyEvent, eventSpecs } from '#shared/events/registry.gen.ts';
import { compileRules, parseRules, type RuleSet } from '#shared/sigma/index.ts';
import { createDetector } from '../../../collector/detect/detector.ts';
import { noKeyRing } from '../../../collector/encryption/key-ring.ts';
import type { PipelineOutput } from '../../../collector/ingest/messages.ts';
import { PipelineLoop } from '../../../collector/ingest/pipeline-loop.ts';
import type { ControlStore } from '../../../collector/store/contract.ts';
import { openControlStore } from '../../../collector/store/control/open.ts';
import { openDatabase } from '../../../collector/store/journal/database.ts';
import { openJournalReader } from '../../../collector/store/journal/reader.ts';
import { openJournalWriter } from '../../../collector/store/journal/writer.ts';
import { historyBounds, SegmentHistory } from '../../../collector/store/scan/segment-history.ts';
import { Sealer } from '../../../collector/store/segments/sealer.ts';
import { batchOf } from '../../events.ts';
import { userRule } from '../../rule-folder.ts';
import { tempFolder } from '../../temp.ts';

const hostId = 'a'.repeat(16);
const wide = { maxEvents: 1_000_000, maxBytes: 1 << 30 };

const burst = (id: string, atLeast: number) => `title: Burst ${id}
id: ${id}
correlation: { type: event_count, rules: [eve], group-by: [host.id], timespan: 5m, condition: { gte: ${atLeast} } }
`;
const eve = userRule('eve', 'eve');

function rulesOf(...texts: readonly string[]): RuleSet {
  const documents = texts.flatMap((text, i) => parseRules(text, `rules/${i}.yml`).documents);
  const { ruleSet, problems } = compileRules(documents, { specs: Object.values(eventSpecs) });
  if (problems.some(({ severity }) => severity === 'error')) throw new Error(JSON.stringify(problems));
  return ruleSet;
}

const now = Date.now() * 1000;
const added = (n: number, user = 'eve'): AnyEvent => ({
  ...{ type: 'account.change', time: now - 100e6 + n * 1e6, 'event.action': 'user-added' },
  'user.name': `${user}${n}`,
});

async function open(
  folder: string,
  rules: RuleSet,
  wrap: (control: ControlStore) => ControlStore = (c) => c,
  bounds = historyBounds as { readonly rows: number; readonly files: number },
) {
  const journal = join(folder, 'journal.db');
  const segments = join(folder, 'segments');
  mkdirSync(segments, { recursive: true });
  const control = await openControlStore(join(folder, 'control.db'), { durable: false });
  await control.hosts.add(hostId, { hostname: 'h', os: 'linux' }, 1);
  const said: PipelineOutput[] = [];
  const loop = new PipelineLoop({
    ...{
      writer: openJournalWriter(journal),
      reader: openJournalReader(journal, noKeyRing, new SegmentHistory(segments, noKeyRing, bounds)),
      control: wrap(control),
    },
    makeDetector: () => createDetector(rules),
    snapshotEveryMs: 3_600_000,
    post: (message) => said.push(message),
  });
  await loop.open();
  let sequence = await control.detection.cursor();
  const titles = () =>
    said
      .flatMap((m) => (m.kind === 'alerts' ? m.alerts : []))
      .map(({ alert }) => `${alert.ruleTitle} ${alert.count}`);
  const detected = () => said.filter((m) => m.kind === 'detected').length;
  return {
    ...{ loop, control, titles },
    problems: () => said.flatMap((m) => (m.kind === 'problem' ? [m.code] : [])),
    /** Everything but the last batch; gives how many batches. */
    seal() {
      const db = openDatabase(journal, false);
      const run = new Sealer(db, segments).run(loop.sealable, wide, Date.now() * 1000);
      db.close();
      return run?.batches ?? 0;
    },
    /** A batch that is detected before the next thing is done. */
    async give(...events: AnyEvent[]) {
      const before = detected();
      sequence++;
      loop.add({
        ...{ kind: 'batch', connection: 1, hostId, hostName: 'h', product: 'linux', stream: 'b'.repeat(16) },
        ...{ sequence, collected: sequence, receivedAt: Date.now() * 1000, data: batchOf(...events).data },
      });
      while (detected() === before) await sleep(2);
    },
    /** As the worker does it. */
    switchTo: (to: RuleSet, commit?: (cursor: number) => Promise<void>) =>
      loop.switchTo(
        () => createDetector(to),
        async (cursor, snapshot) => {
          await commit?.(cursor);
          if (snapshot !== null) await control.detection.keepSnapshot({ cursor, data: snapshot });
        },
      ),
    close: () => loop.close(),
  };
}

t.test('correlations that say the same go on; new ones look back; nothing is raised again', async (t) => {
  const { give, switchTo, titles, close } = await open(tempFolder(t), rulesOf(eve, burst('same', 4)));
  await give(added(1), added(2), added(3));
  t.same(titles(), []);
  let at = 0;
  await switchTo(rulesOf(eve, burst('same', 4), burst('new', 4)), async (cursor) => {
    at = cursor;
  });
  t.equal(at, 1, 'after the batch that was detected');
  t.same(titles(), [], 'what was detected raises nothing under the new rules');
  await give(added(4));
  t.same(titles().sort(), ['Burst new 4', 'Burst same 4']);
  await close();
});

t.test('new correlations look back over what is sealed too, each event once, chains included', async (t) => {
  const around = `title: Around
id: around
correlation: { type: event_count, rules: [inner], group-by: [host.id], timespan: 5m, condition: { gte: 1 } }
`;
  const { give, seal, switchTo, titles, problems, close } = await open(tempFolder(t), rulesOf(eve));
  await give(added(1), added(1, 'mallory'));
  await give(added(2), added(2, 'mallory'));
  await give(added(3));
  t.equal(seal(), 2, 'the last batch stays in the journal');
  const before = titles().length;
  await switchTo(rulesOf(eve, burst('new', 5), burst('inner', 4), around));
  t.equal(titles().length, before, 'what was detected raises nothing under the new rules');
  await give(added(4));
  t.same(titles().slice(before), ['Around 1']);
  await give(added(5));
  t.ok(titles().includes('Burst new 5'), 'and not one event twice');
  t.same(problems(), []);
  await close();
});

t.test('a restart with a new correlation looks back over what is sealed', async (t) => {
  const folder = tempFolder(t);
  const first = await open(folder, rulesOf(eve, burst('same', 4)));
  await first.give(added(1));
  await first.give(added(2));
  await first.give(added(3));
  await first.loop.close();
  const between = await open(folder, rulesOf(eve, burst('same', 4)));
  t.equal(between.seal(), 2);
  await between.close();
  const { give, titles, problems, close } = await open(
    folder,
    rulesOf(eve, burst('same', 4), burst('new', 4)),
  );
  await give(added(4));
  t.same(
    titles()
      .filter((title) => title.startsWith('Burst'))
      .sort(),
    ['Burst new 4', 'Burst same 4'],
  );
  t.same(problems(), []);
  await close();
});

t.test('what is more than is looked through is told, and the newest is seen', async (t) => {
  const { give, seal, switchTo, titles, problems, close } = await open(
    tempFolder(t),
    rulesOf(eve),
    undefined,
    { rows: 2, files: 10 },
  );
  await give(added(1), added(1, 'mallory'));
  t.equal(seal(), 0);
  await give(added(2), added(2, 'mallory'));
  t.equal(seal(), 1);
  await give(added(3));
  t.equal(seal(), 1);
  await switchTo(rulesOf(eve, burst('new', 3)));
  t.same(problems(), ['detection.history_incomplete']);
  await give(added(4));
  t.ok(titles().includes('Burst new 3'), 'the second, the third and the fourth');
  await close();
});

t.test('state outlives a switch also where history would not give it back', async (t) => {
  const longAgo = (n: number): AnyEvent =>
    ({ ...added(n), time: 1_700_000_000_000_000 + n * 1e6 }) as AnyEvent;
  const { give, switchTo, titles, close } = await open(tempFolder(t), rulesOf(eve, burst('same', 3)));
  await give(longAgo(1), longAgo(2));
  await switchTo(rulesOf(eve, burst('same', 3), userRule('other', 'mallory')));
  await give(longAgo(3));
  t.same(titles(), ['Burst same 3']);
  await close();
});

t.test('rules that are gone raise nothing more, and rules that came see what comes', async (t) => {
  const { give, switchTo, titles, close } = await open(tempFolder(t), rulesOf(eve));
  await give(added(1), added(1, 'mallory'));
  await switchTo(rulesOf(userRule('m', 'mallory')));
  await give(added(2), added(2, 'mallory'));
  t.same(titles(), ['User eve 1', 'User mallory 1']);
  await close();
});

t.test('a switch that can not be made durable leaves the rules of before, with their state', async (t) => {
  const { give, switchTo, titles, close } = await open(tempFolder(t), rulesOf(eve, burst('same', 3)));
  await give(added(1), added(2));
  const refuse = () => Promise.reject(new Error('disk full'));
  await t.rejects(switchTo(rulesOf(userRule('m', 'mallory')), refuse), { message: 'disk full' });
  await give(added(3), added(3, 'mallory'));
  t.same(titles(), ['Burst same 3']);
  await switchTo(rulesOf(userRule('m', 'mallory')));
  await give(added(4, 'mallory'));
  t.same(titles(), ['Burst same 3', 'User mallory 1'], 'and the next one works');
  await close();
});

t.test(
  'detection that is behind catches up with the rules of before, or the switch is refused',
  async (t) => {
    let isRefusing = false;
    const { loop, give, switchTo, titles, close } = await open(tempFolder(t), rulesOf(eve), (control) => ({
      ...control,
      detection: {
        ...control.detection,
        commit: (...args) =>
          isRefusing ? Promise.reject(new Error('full')) : control.detection.commit(...args),
      },
    }));
    isRefusing = true;
    await give(added(1));
    const mallory = rulesOf(userRule('m', 'mallory'));
    await t.rejects(switchTo(mallory), { code: 'rules.switch_failed' });
    isRefusing = false;
    await switchTo(mallory);
    t.same(titles(), ['User eve 1'], 'by the rules that were in force when it came');
    t.equal(loop.sealable, 1);
    await close();
  },
);

t.test(
  'what the new rules know at the switch is kept with it: a crash right after loses nothing',
  async (t) => {
    const folder = tempFolder(t);
    const longAgo = (n: number): AnyEvent =>
      ({ ...added(n), time: 1_700_000_000_000_000 + n * 1e6 }) as AnyEvent;
    const first = await open(folder, rulesOf(eve, burst('same', 3)));
    await first.give(longAgo(1), longAgo(2));
    t.equal(await first.control.detection.snapshot(), undefined, 'none was due');
    const next = rulesOf(eve, burst('same', 3), userRule('m', 'mallory'));
    await first.switchTo(next);
    t.equal((await first.control.detection.snapshot())?.cursor, 1);
    t.equal(first.loop.sealable, 1, 'so what was detected may be sealed');
    // Not closed: as if it was killed.
    const second = await open(folder, next);
    await second.give(longAgo(3));
    t.same(second.titles(), ['Burst same 3']);
    await second.close();
  },
);
