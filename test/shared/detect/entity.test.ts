/** What makes two hits one alert. */

import fc from 'fast-check';
import t from 'tap';
import { commandShape } from '#shared/detect/command-shape.ts';
import { aboutOf, entityAt, entityOf, entityText } from '#shared/detect/entity.ts';
import { foldBounds, isOneEpisode } from '#shared/detect/episode.ts';
import { joinEvidence } from '#shared/detect/evidence-list.ts';
import { extendSamples, type SeenValues } from '#shared/detect/seen-values.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { columnarOf } from '#shared/schema/columnar.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { type EventSpec, fieldsOf } from '#shared/schema/spec.ts';

/** To rules an alert of a host is no event. */
const specs = Object.values<EventSpec>(eventSpecs).filter(({ name }) => name !== 'alert');

t.test('every type of event says what it is about, by fields it has', async (t) => {
  for (const spec of specs) {
    t.ok(spec.name === 'host.health' || aboutOf(spec.name).length > 0, spec.name);
    for (const name of aboutOf(spec.name)) t.ok(name in fieldsOf(spec), `${spec.name} has ${name}`);
  }
});

t.test('shapes', async (t) => {
  const same = (a: string, b: string) => t.equal(commandShape(a), commandShape(b), `${a} and ${b}`);
  const apart = (a: string, b: string) => t.not(commandShape(a), commandShape(b), `${a} and ${b}`);
  same('kill 4711', 'kill 815');
  same('sh /tmp/deadbeef01/run', 'sh /tmp/0badcafe99/run');
  same('x 6f1c2a3b-0000-4000-8000-000000000001', 'x 7f1c2a3b-0000-4000-8000-000000000002');
  apart('curl 10.0.0.1', 'curl 10.0.0.2');
  apart('curl 10.0.0.1:80', 'curl 10.0.0.1:81');
  apart('chmod 04', 'chmod 06');
  apart('cat a', 'cat b');
  apart('feedface', 'facefeed');
});

t.test('a row of columns and the event as an object are about the same', async () => {
  const value = fc.oneof(fc.string({ maxLength: 3000 }), fc.string({ unit: 'binary', maxLength: 50 }));
  fc.assert(
    fc.property(
      fc.constantFrom(...specs),
      fc.array(value, { minLength: 8, maxLength: 8 }),
      (spec, values) => {
        const fields = aboutOf(spec.name).map((name, i) => [
          name,
          valueFor(spec, name, values[i % 8] as string),
        ]);
        const row = { type: spec.name, time: 1, ...Object.fromEntries(fields) } as EventRow;
        const [ofRow, ofColumns] = [entityOf(row), entityAt(columnarOf(spec, [row]), 0)];
        return entityText(spec.name, ofRow) === entityText(spec.name, ofColumns);
      },
    ),
  );
});

function valueFor(spec: EventSpec, name: string, text: string): unknown {
  const { type } = fieldsOf(spec)[name] ?? { type: 'keyword' };
  if (type === 'keywords') return [text];
  if (type === 'bool') return text.length % 2 === 0;
  return type === 'int' || type === 'float' || type === 'time' ? text.length : text === '' ? undefined : text;
}

const ids = fc.uniqueArray(fc.nat(10_000).map(String), { maxLength: 400 });

t.test('evidence is the same however hits are put together', async () => {
  fc.assert(
    fc.property(ids, fc.array(fc.nat(400), { maxLength: 6 }), (all, cuts) => {
      const at = [0, ...cuts.map((cut) => Math.min(cut, all.length)).sort((a, b) => a - b), all.length];
      const parts = at.slice(1).map((to, i) => joinEvidence([], all.slice(at[i], to)));
      const joined = parts.reduce((before, after) => joinEvidence(before, after), [] as readonly string[]);
      return JSON.stringify(joined) === JSON.stringify(joinEvidence([], all));
    }),
  );
});

t.test('samples are the same however hits are put together', async () => {
  const seenOf = (values: readonly string[]): SeenValues => {
    const counts = new Map<string, number>();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    return values.length === 0 ? {} : { field: [...counts] };
  };
  const values = fc.array(fc.constantFrom(...'abcdefghijklmn'), { maxLength: 200 });
  fc.assert(
    fc.property(values, fc.nat(200), (all, cut) => {
      const twice = extendSamples(extendSamples([], seenOf(all.slice(0, cut))), seenOf(all.slice(cut)));
      return JSON.stringify(twice) === JSON.stringify(extendSamples([], seenOf(all)));
    }),
  );
});

t.test('what a batch puts together, every setting does', async () => {
  const hits = fc.tuple(fc.nat(4e9), fc.nat(4e9));
  const settings = fc.record({
    quietUs: fc.integer({ min: 60e6, max: 1e12 }),
    longestHours: fc.integer({ min: 1, max: 720 }),
  });
  const at = (time: number) => ({ firstEventAt: time, lastEventAt: time });
  fc.assert(
    fc.property(
      hits,
      settings,
      ([a, b], bounds) => !isOneEpisode(at(a), at(b), foldBounds) || isOneEpisode(at(a), at(b), bounds),
    ),
  );
});
