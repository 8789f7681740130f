/** Short questions are answered before searches, and in the middle of one; searches in the order they came. */
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import t from 'tap';
import type { Filter } from '#shared/filter/filter.ts';
import type { ReaderRequest } from '../../../../collector/store/events/reader-thread.ts';
import { type Asked, ReaderTurns } from '../../../../collector/store/events/reader-turns.ts';

const newest = (filter: Filter): ReaderRequest => ({
  ask: 'newest',
  query: {
    ...{ filter, limit: 1, after: null },
    ...{ since: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY },
  },
});
const ofHost: Filter = { kind: 'hosts', ids: ['h'] };
const health: Filter = { kind: 'types', types: ['host.health'] };
const any: Filter = { kind: 'all', of: [] };

t.test('what an index knows goes first, also in the middle of a search', async (t) => {
  const { port1: asker, port2: answerer } = new MessageChannel();
  t.teardown(() => asker.close());
  const order: (number | string)[] = [];
  const ask = (number: number, request: ReaderRequest) => asker.postMessage({ number, request });
  const done = Promise.withResolvers<void>();
  const answer = async ({ number, request }: Asked) => {
    if (number === 1) {
      // Asked while the first search runs: the search goes on once they are answered.
      order.push('begun');
      ask(2, newest(any));
      ask(3, newest({ kind: 'all', of: [ofHost, health] }));
      ask(4, { ask: 'ledger' });
      while (!order.includes(4)) await turns.letOthersIn();
    }
    // A short one that looks for others too must not begin one inside itself.
    if (number === 3) await turns.letOthersIn();
    order.push(number);
    t.not(request, 'close');
    if (order.length === 6) done.resolve();
  };
  const turns = new ReaderTurns(answerer, answer);
  ask(1, newest(any));
  ask(5, { ask: 'arrivals', query: { filter: any, order: 'arrival', limit: 1 } });
  await done.promise;
  t.same(order, ['begun', 3, 4, 1, 5, 2]);
  t.equal(receiveMessageOnPort(answerer), undefined);
});

t.test('a host alone is short; with anything that needs a look at events it is not', async (t) => {
  const { port1: asker, port2: answerer } = new MessageChannel();
  t.teardown(() => asker.close());
  const order: number[] = [];
  const done = Promise.withResolvers<void>();
  new ReaderTurns(answerer, async ({ number }) => {
    if (order.push(number) === 4) done.resolve();
  });
  const named: Filter = { kind: 'all', of: [ofHost, { kind: 'not', of: health }] };
  ask(1, newest(named));
  ask(2, newest({ kind: 'hosts', ids: ['h', 'i'] }));
  ask(3, newest(ofHost));
  ask(4, newest(health));
  function ask(number: number, request: ReaderRequest): void {
    asker.postMessage({ number, request });
  }
  await done.promise;
  t.equal(order[0], 3);
  t.same(order.slice(1), [1, 2, 4]);
});
