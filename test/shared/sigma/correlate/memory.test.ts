/** The pools against plain collections, with keys and numbers of every kind coming and going. */
import fc from 'fast-check';
import t from 'tap';
import { Budget } from '../../../../shared/sigma/correlate/memory/budget.ts';
import { EventRing } from '../../../../shared/sigma/correlate/memory/event-ring.ts';
import { GroupTable } from '../../../../shared/sigma/correlate/memory/group-table.ts';
import { KeyBuffer } from '../../../../shared/sigma/correlate/memory/key-buffer.ts';
import { KeyTable } from '../../../../shared/sigma/correlate/memory/key-table.ts';
import { OrderTree } from '../../../../shared/sigma/correlate/memory/order-tree.ts';
import { Sources } from '../../../../shared/sigma/correlate/memory/sources.ts';

const budget = () => new Budget(1e9);
const part = fc.oneof(
  fc.constantFrom(
    null,
    '',
    'a',
    'ab',
    'b',
    '\0',
    '\u0001',
    'a'.repeat(254),
    'a'.repeat(255),
    `${'a'.repeat(300)}b`,
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const parts = fc.tuple(part, part);

function keyOf(buffer: KeyBuffer, texts: readonly (string | null)[]): KeyBuffer {
  buffer.clear();
  for (const text of texts) buffer.add(text);
  return buffer;
}

t.test('keys are the same when their parts are, and are found until they are released', async () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(parts, fc.boolean()), { maxLength: 80 }), (steps) => {
      const used = budget();
      const table = new KeyTable(used);
      const buffer = new KeyBuffer(2);
      const slots = new Map<string, number>();
      for (const [texts, isLeaving] of steps) {
        const plain = JSON.stringify(texts);
        const known = slots.get(plain) ?? -1;
        const found = table.find(keyOf(buffer, texts));
        if (found !== known) throw new Error(`${plain}: ${found} is not ${known}`);
        if (known < 0) slots.set(plain, table.add(buffer));
        else if (isLeaving) {
          table.release(known);
          slots.delete(plain);
        }
        if (table.size !== slots.size || used.used !== table.bytes) throw new Error('sizes');
      }
      for (const slot of slots.values()) {
        const { bytes, isWide } = table.bytesOf(slot);
        buffer.load(bytes.slice(), isWide);
        if (table.find(buffer) !== slot) throw new Error('a key taken back from its bytes is another');
      }
    }),
    { numRuns: 300 },
  );
});

t.test('the tree gives the n-th number', async () => {
  const number = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true }));
  fc.assert(
    fc.property(fc.array(fc.tuple(number, fc.nat(99)), { maxLength: 120 }), (steps) => {
      const tree = new OrderTree(budget());
      const held: { node: number; value: number }[] = [];
      let root = 0;
      for (const [value, which] of steps) {
        if (which < 40 && held.length > 0) {
          const [leaving] = held.splice(which % held.length, 1);
          root = tree.remove(root, leaving!.node);
        } else {
          const node = tree.node(value);
          root = tree.insert(root, node);
          held.push({ node, value });
        }
        const sorted = held.map((h) => h.value).sort((a, b) => a - b);
        for (const [i, wanted] of sorted.entries())
          if (tree.at(root, i + 1) !== wanted) throw new Error(`${tree.at(root, i + 1)} is not ${wanted}`);
      }
    }),
    { numRuns: 200 },
  );
});

t.test('rings of many groups keep their events apart and in order', async () => {
  const step = fc.record({ group: fc.nat(4), time: fc.nat(50), act: fc.nat(9) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const used = budget();
      const groups = new GroupTable(0, used);
      const sources = new Sources(used);
      const ring = new EventRing(groups, sources, 1, used);
      const buffer = new KeyBuffer(1);
      const slots = [0, 1, 2, 3, 4].map((i) => groups.add(keyOf(buffer, [`group ${i}`])));
      const plain: { time: number; id: string }[][] = slots.map(() => []);
      for (const [i, { group, time, act }] of steps.entries()) {
        const slot = slots[group]!;
        const held = plain[group]!;
        if (act === 0) {
          ring.clear(slot);
          held.length = 0;
        } else if (act === 1) {
          ring.thin(slot, (at) => at % 2 === 0);
          plain[group] = held.filter((_, at) => at % 2 === 0);
        } else if (act === 2 && held.length > 0) {
          ring.dropFirst(slot, 1);
          held.shift();
        } else {
          ring.setTag(slot, ring.insert(slot, time, sources.hold(`s${i % 3}:`), i), i);
          held.push({ time, id: `s${i % 3}:${i}` });
          held.sort((a, b) => a.time - b.time);
        }
        const told = plain[group]!.map(
          (_, at) => `${ring.timeAt(slot, at)} ${ring.idAt(slot, at)} ${ring.tagAt(slot, at)}`,
        );
        const wanted = plain[group]!.map((e) => `${e.time} ${e.id} ${e.id.split(':')[1]}`);
        if (ring.size(slot) !== wanted.length || told.join() !== wanted.join())
          throw new Error(`${told} is not ${wanted}`);
        if (used.used !== groups.bytes + sources.bytes + ring.bytes) throw new Error('bytes');
      }
      for (const slot of slots) ring.clear(slot);
      if (sources.live().length > 0) throw new Error('a source is held by nobody');
    }),
    { numRuns: 200 },
  );
});
