/** Counting over stored events: by time and type, with filters, and the values of fields. */
import t from 'tap';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import type { Filter } from '#shared/filter/filter.ts';
import { parseFilter } from '#shared/filter/parse.ts';
import { EventCounter } from '../../../../collector/store/events/event-counts.ts';
import { host, hunting, otherHost } from './hunting.ts';

const minuteUs = 60_000_000;
const start = 1_700_000_040_000_000 - (1_700_000_040_000_000 % minuteUs);

function filterOf(text: string): Filter {
  const parsed = parseFilter(text);
  if (!parsed.ok) throw new Error(parsed.problem.message);
  return parsed.value;
}

const process = (minute: number, name: string): AnyEvent => ({
  ...{ type: 'process.start', time: start + minute * minuteUs, 'process.pid': minute + 1 },
  ...{ 'process.entity_id': `e${minute}${name}`, 'process.start': start, 'process.name': name },
});
const dns = (minute: number, name: string, ...ips: string[]): AnyEvent => ({
  ...{
    type: 'dns.query',
    time: start + minute * minuteUs + 1,
    'network.transport': 'udp',
    'network.protocol': 'dns',
  },
  ...{ 'source.ip': '192.0.2.9', 'source.port': 5353, 'destination.ip': '192.0.2.53' },
  ...{ 'destination.port': 53, 'dns.question.type': 'A', 'dns.question.name': name },
  'dns.resolved_ip': ips,
});

t.test('events over time, by type, and values of fields', async (t) => {
  const scene = hunting(t);
  await scene.add(
    host,
    process(0, 'curl'),
    process(0, 'bash'),
    process(1, 'curl'),
    dns(1, 'a.test', '192.0.2.1'),
  );
  await scene.add(otherHost, process(5, "o'ne"), dns(5, 'b.test', '192.0.2.1', '192.0.2.2'));
  const counter = new EventCounter(scene.engine);
  const until = start + 10 * minuteUs - 1;
  const all = { filter: filterOf(''), since: start, until, bars: 10 };
  const at = (minute: number) => start + minute * minuteUs;

  t.same(await counter.counts(all), {
    ...{ since: start, until, widthUs: minuteUs },
    items: [
      { type: 'process.start', at: at(0), events: 2 },
      { type: 'dns.query', at: at(1), events: 1 },
      { type: 'process.start', at: at(1), events: 1 },
      { type: 'dns.query', at: at(5), events: 1 },
      { type: 'process.start', at: at(5), events: 1 },
    ],
  });
  const wide = await counter.counts({ ...all, bars: 1 });
  t.equal(wide.widthUs, 10 * minuteUs, 'a width that clocks know');
  t.equal(
    wide.items.reduce((sum, { events }) => sum + events, 0),
    6,
  );
  const { since: _, ...open } = all;
  t.equal((await counter.counts(open)).since, start, 'from the first event where no begin is told');
  t.same((await counter.counts({ ...open, filter: filterOf('process.name:none') })).items, []);
  t.same(
    (await counter.counts({ ...all, filter: filterOf('process.name:curl') })).items,
    [0, 1].map((minute) => ({ type: 'process.start', at: at(minute), events: 1 })),
  );
  t.same(
    (await counter.counts({ ...all, filter: { kind: 'hosts', ids: [otherHost] } })).items.map(
      ({ at: when }) => when,
    ),
    [at(5), at(5)],
  );
  t.same((await counter.counts({ ...all, since: at(2), until: at(4) })).items, [], 'both ends hold');
  t.same((await counter.counts({ ...all, filter: filterOf('type:login') })).items, []);

  t.same(await counter.values(all, 'process.name', 2), [
    { value: 'curl', events: 2 },
    { value: 'bash', events: 1 },
  ]);
  t.same(await counter.values(all, 'Image', 5), [], 'names of Sigma, and fields without values');
  t.same(
    await counter.values(all, 'dns.resolved_ip', 5),
    [
      { value: '192.0.2.1', events: 2 },
      { value: '192.0.2.2', events: 1 },
    ],
    'entries of lists count each',
  );
  t.same((await counter.values({ ...all, filter: filterOf('process.pid:6') }, 'process.name', 5))[0], {
    ...{ value: "o'ne", events: 1 },
  });
  t.same(await counter.values(all, 'no.such', 5), []);
  t.same((await counter.values(all, 'host.id', 5))[0], { value: host, events: 4 });
});
