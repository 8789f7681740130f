/** What every bus must do; run over each kind there is. */
import t from 'tap';
import { type Bus, localBus } from '../../collector/bus.ts';

const kinds: readonly { readonly name: string; open(onError: (error: unknown) => void): Bus }[] = [
  { name: 'local', open: localBus },
];

for (const kind of kinds) {
  t.test(`${kind.name}: every subscriber of a topic hears every message in order`, async (t) => {
    const bus = kind.open(() => t.fail('no error expected'));
    const heard: number[][] = [[], []];
    bus.subscribe('stored', (m) => heard[0]?.push(m.events));
    const end = bus.subscribe('stored', (m) => heard[1]?.push(m.events));
    bus.subscribe('rates', () => t.fail('another topic'));
    await bus.publish('stored', { events: 1 });
    await bus.publish('stored', { events: 2 });
    end();
    await bus.publish('stored', { events: 3 });
    t.strictSame(heard, [
      [1, 2, 3],
      [1, 2],
    ]);
  });

  t.test(`${kind.name}: a subscriber that throws is reported and disturbs nobody`, async (t) => {
    const errors: unknown[] = [];
    const bus = kind.open((error) => errors.push(error));
    let heard = 0;
    bus.subscribe('stored', () => {
      throw new Error('mine');
    });
    bus.subscribe('stored', () => {
      heard++;
    });
    await bus.publish('stored', { events: 1 });
    await bus.publish('stored', { events: 1 });
    t.equal(heard, 2);
    t.equal(errors.length, 2);
  });
}
