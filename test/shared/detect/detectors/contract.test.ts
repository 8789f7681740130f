/** What holds for every detector there is. */
import fc from 'fast-check';
import t from 'tap';
import { createDetector } from '#shared/detect/detector.ts';
import { indexOfRecords } from '#shared/detect/detectors/advisory/index-of-records.ts';
import { recordsOfOsv } from '#shared/detect/detectors/advisory/osv.ts';
import { detectorBounds } from '#shared/detect/detectors/bounds.ts';
import { DetectorEngine } from '#shared/detect/detectors/engine.ts';
import { EntityTable } from '#shared/detect/detectors/entity-table.ts';
import { SharedMemory } from '#shared/detect/detectors/memory.ts';
import { bytesOf, type Plain, PlainReader, PlainWriter } from '#shared/detect/detectors/plain.ts';
import { detectorSpecs } from '#shared/detect/detectors/registry.ts';
import { EpisodeBook } from '#shared/detect/episode-book.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { ByteReader, ByteWriter } from '#shared/sigma/correlate/bytes.ts';
import { packSections } from '#shared/sigma/correlate/snapshot.ts';
import { randomEvents } from './random-events.ts';
import { rulesOn, run } from './stream.ts';

/** So low that random events reach it. */
const eager: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  beacon: { beats: 4, jitter: 1, regularity: 0, shortest_s: 0.1, burst_s: 0 },
  dns: { names: 5, domains: 3 },
  entropy: { name_length: 3, name_score: -3 },
  exfiltration: { bytes: 1_000, learn_windows: 1, factor: 1, window_s: 60 },
  frequency: { window_s: 10, connections: 2, factor: 1, learn_windows: 1, learn_s: 0 },
  lifecycle: { lives: 3, idle_s: 60, check_s: 10 },
  listener: { learn_s: 10 },
  login: { learn_s: 0, learn_logins: 1, time_logins: 1, many_hosts: 2, dormant_s: 60 },
  mismatch: { learn_s: 0, lines: 5, silent_s: 60, silent_factor: 2 },
  profile: { learn_s: 0, learn_events: 1 },
  ransom: { files: 5 },
  scan: { targets: 3, window_s: 60 },
  versions: { check_s: 10, hosts: 3, share: 0.5 },
};

const advisories = indexOfRecords(
  recordsOfOsv({
    id: 'DSA-1',
    affected: ['openssl', 'curl'].map((name) => ({
      package: { ecosystem: 'Debian:12', name },
      ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '1.2' }] }],
    })),
  })!,
  1,
);

for (const { name, types, kinds, parameters } of detectorSpecs)
  t.test(name, async (t) => {
    const set = eager[name] ?? {};
    const make = (settings = set) => createDetector(rulesOn(name, settings), { advisories });
    const told = (seed: number, size: number) => run(make(), randomEvents(types, seed, 400), size);
    const alerts = [1, 2, 3].flatMap((seed) => told(seed, 1));
    t.ok(alerts.length > 0, 'it finds something in random events, so that what follows means something');
    for (const { event } of alerts) {
      t.ok(Object.hasOwn(kinds, String(event['finding.kind'])), `kind ${event['finding.kind']}`);
      for (const field of Object.keys(event).filter((one) => !/^(?:type|time|host\.|event\.id)/.test(one)))
        if (!Object.hasOwn(eventSpecs.finding.fields, field)) t.fail(`${field} is no field of findings`);
      t.ok((event['finding.event_ids'] as string[]).length > 0, 'it names the events');
      t.notMatch(event['finding.summary'], /undefined|NaN|Infinity|null/);
    }

    await t.test('cut into batches of any size, the same events give the same', async (t) => {
      for (const seed of [1, 2, 3]) {
        const one = told(seed, 1);
        for (const size of [2, 7, 400])
          t.strictSame(merged(told(seed, size)), merged(one), `seed ${seed}, ${size} a batch`);
      }
    });

    await t.test('a snapshot in the middle changes nothing', async (t) => {
      for (const seed of [1, 2, 3]) {
        const events = randomEvents(types, seed, 400);
        const whole = run(make(), events, 1);
        const before = make();
        const first = run(before, events.slice(0, 200), 1);
        const after = make();
        t.strictSame(after.restore(before.snapshot()!), { taken: true, lookbackUs: 0 });
        const again = run(after, events.slice(200), 1).map((alert) => ({ ...alert, eventIds: [] }));
        const wanted = whole.map((alert) => ({ ...alert, eventIds: [] }));
        const joined = [...first.map((alert) => ({ ...alert, eventIds: [] })), ...again];
        const plain = (all: readonly object[]) =>
          JSON.parse(JSON.stringify(all).replaceAll(/h\d:s:\d+/g, 'id')) as unknown;
        t.strictSame(plain(joined), plain(wanted), `seed ${seed}`);
      }
    });

    await t.test('other parameters begin anew, with the history they need', async (t) => {
      const [changed] = Object.keys(parameters);
      const { least, most, usual } = parameters[changed!]!;
      const other = { ...set, [changed!]: (set[changed!] ?? usual) === least ? most : least };
      const from = make();
      run(from, randomEvents(types, 1, 50), 5);
      const to = make(other);
      t.strictSame(to.restore(from.snapshot()!), { taken: true, lookbackUs: to.lookback });
    });

    await t.test('what it holds stays within the bound, and what left is counted', async (t) => {
      const spec = detectorSpecs.find((one) => one.name === name)!;
      const filled = (memoryBytes: number) => {
        const engine = new DetectorEngine({
          ...{ specs: [spec], settings: new Map([[name, new Map(Object.entries(set))]]), memoryBytes },
          advisories,
          onFault: (_, error) => t.fail(String(error)),
        });
        for (const seed of [1, 2, 3, 4]) run(asDetector(engine), randomEvents(types, seed, 1_000, 40), 50);
        const { bytes, detectors } = engine.stats;
        return { bytes, evicted: detectors[0]!.tables.reduce((sum, table) => sum + table.evicted, 0) };
      };
      const free = filled(1e9);
      t.equal(free.evicted, 0);
      if (free.bytes === 0) return;
      // Half of what it would take, and no less than the things it works on at one time.
      const tight = filled(Math.max(4_000, free.bytes / 2));
      t.ok(tight.bytes <= Math.max(4_000, free.bytes / 2), `${tight.bytes} bytes of ${free.bytes}`);
      t.ok(tight.evicted > 0, 'some had to leave');
    });
  });

/** An engine where only its state matters. */
function asDetector(engine: DetectorEngine) {
  return {
    ...createDetector(rulesOn('none')),
    detect: (...[origin, groups]: Parameters<DetectorEngine['observe']>) => {
      engine.observe(origin, groups);
      return [];
    },
  } as unknown as ReturnType<typeof createDetector>;
}

/** Alerts of one id are one, as the control database keeps them. */
function merged(alerts: ReturnType<typeof run>) {
  const book = new EpisodeBook<{ firstEventAt: number; lastEventAt: number; count: number }>();
  for (const alert of alerts) {
    const { firstEventAt, lastEventAt, count } = alert;
    const known = book.goingOn(alert);
    if (known === undefined) book.add(alert, { firstEventAt, lastEventAt, count });
    else {
      known.firstEventAt = Math.min(known.firstEventAt, firstEventAt);
      known.lastEventAt = Math.max(known.lastEventAt, lastEventAt);
      known.count += count;
    }
  }
  return [...book.byId].map(([id, { count }]) => [id, count]).sort();
}

t.test('plain data is read as it was written', async (t) => {
  const leaf = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.string(),
    fc.uint8Array(),
  );
  const { tree } = fc.letrec<{ tree: Plain }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(
        fc.string().filter((one) => one !== '__proto__'),
        tie('tree'),
        { maxKeys: 4, noNullPrototype: true },
      ),
      fc.array(fc.tuple(fc.string(), tie('tree')), { maxLength: 4 }).map((entries) => new Map(entries)),
    ) as fc.Arbitrary<Plain>,
  }));
  fc.assert(
    fc.property(tree, (value) => {
      const out = new ByteWriter(1 << 20);
      new PlainWriter(out).write(value);
      const from = new ByteReader(out.taken());
      t.strictSame(new PlainReader(from).read(), value);
      t.equal(from.left, 0);
      t.ok(bytesOf(value) > 0);
    }),
    { numRuns: 300 },
  );
});

t.test('what is no plain data is refused, never taken for some', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        new PlainReader(new ByteReader(bytes)).read();
      } catch (error) {
        t.equal((error as Error).constructor.name, 'SnapshotDamage');
      }
    }),
    { numRuns: 2_000 },
  );
});

t.test('a table lets go of what was touched longest ago', async (t) => {
  const memory = new SharedMemory();
  const table = new EntityTable<{ n: number }>('t', memory, 3);
  const us = (hours: number) => hours * 3_600e6;
  for (const [i, key] of ['a', 'b', 'c'].entries()) table.put(key, us(2 * i), { n: i });
  t.ok(table.find('a', us(10)));
  table.put('d', us(11), { n: 3 });
  t.strictSame(
    [...table].map(([key]) => key),
    ['c', 'a', 'd'],
  );
  t.match(table.stats, { entities: 3, evicted: 1 });
  t.equal(table.bytes, memory.used);
  for (const key of ['a', 'c', 'd']) table.forget(key);
  t.equal(memory.used, 0);
  const long = 'k'.repeat(5_000);
  table.put(long, 0, { n: 1 });
  t.ok(table.find(`${long}x`, 0), 'keys are cut');
  t.ok(detectorBounds.keyLength < 5_000);
});

t.test('the largest table gives where memory is short', async (t) => {
  const memory = new SharedMemory(10_000);
  const small = new EntityTable<{ text: string }>('small', memory);
  const large = new EntityTable<{ text: string }>('large', memory);
  small.put('kept', 0, { text: 'x' });
  for (let i = 0; i < 200; i++) large.put(`k${i}`, i, { text: 'x'.repeat(100) });
  t.ok(memory.used <= 10_000);
  t.equal(small.size, 1);
  t.ok(large.stats.evicted > 100);
});

t.test(
  'a part of a snapshot that is of no use leaves that detector empty, and the others as they were',
  async (t) => {
    const specs = detectorSpecs.filter(({ name }) => name === 'listener' || name === 'scan');
    const make = () => new DetectorEngine({ specs, settings: new Map(), advisories });
    const from = make();
    run(asDetector(from), randomEvents(['network.connection'], 1, 300), 10);
    const sections = from
      .sections()
      .map((section) =>
        section.key.startsWith('detector scan')
          ? { ...section, write: (out: ByteWriter) => new PlainWriter(out).write([1, 2, [7, 'no state']]) }
          : section,
      );
    const to = make();
    const scan = specs.find(({ name }) => name === 'scan')!;
    const lookbackUs = to.restore(packSections(sections, 1 << 20)!);
    t.equal(lookbackUs, scan.lookbackS({ window_s: scan.parameters['window_s']!.usual }) * 1e6);
    const { bytes, detectors } = to.stats;
    t.strictSame(
      detectors.map(({ name, tables }) => [name, tables[0]!.entities > 0]),
      [
        ['listener', true],
        ['scan', false],
      ],
    );
    t.equal(bytes, detectors[0]!.tables[0]!.bytes, 'nothing of the bad part counts');
    t.throws(() => to.restore(Uint8Array.of(1, 2, 3)));
  },
);
