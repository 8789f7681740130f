import t from 'tap';
import { findings, randomFrom, type TestEvent } from './stream.ts';

function connections(times: readonly number[], more: object = {}): readonly TestEvent[] {
  return times.map((at, i) => ({
    ...{ type: 'network.connection', at, 'event.action': 'connected', 'network.transport': 'tcp' },
    ...{ 'source.ip': '10.0.0.5', 'source.port': 40_000 + i, 'destination.ip': '203.0.113.9' },
    ...{ 'destination.port': 443, 'network.connection_id': `c${i}`, 'process.executable': '/opt/agent' },
    ...more,
  }));
}

function times(count: number, next: (i: number) => number): readonly number[] {
  let at = 0;
  return Array.from({ length: count }, (_, i) => (at += next(i)));
}

t.test('a beat like a clock is told with its figures', async (t) => {
  const [found] = findings('beacon', connections(times(8, () => 60)));
  t.match(found, {
    ...{ 'finding.kind': 'connection', 'finding.interval_s': 60, 'finding.jitter': 0, 'finding.count': 8 },
    ...{ 'finding.regularity': 1, 'finding.span_s': 420, 'destination.ip': '203.0.113.9' },
  });
  t.strictSame((found?.['finding.event_ids'] as string[] | undefined)?.length, 6);
});

t.test('jitter of 30 %, slow beats and beats that are missed do not hide it', async (t) => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const random = randomFrom(seed);
    const jittered = times(20, () => 300 * (0.7 + 0.6 * random()));
    t.ok(findings('beacon', connections(jittered)).length > 0, `jitter, seed ${seed}`);
    const missed = times(24, () => (random() < 0.15 ? 120 : 60) * (0.95 + 0.1 * random()));
    t.ok(findings('beacon', connections(missed)).length > 0, `missed, seed ${seed}`);
  }
  t.ok(findings('beacon', connections(times(9, () => 6 * 3_600))).length > 0, 'every six hours');
});

t.test('people, bursts and what comes at random are not told of', async (t) => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) {
    const random = randomFrom(seed);
    const atRandom = times(60, () => -Math.log(1 - random()) * 60);
    t.strictSame(findings('beacon', connections(atRandom)), [], `at random, seed ${seed}`);
    const browsing = times(60, () => (random() < 0.7 ? random() * 4 : 20 + random() * 600));
    t.strictSame(findings('beacon', connections(browsing)), [], `browsing, seed ${seed}`);
  }
  t.strictSame(findings('beacon', connections(times(100, () => 0.5))), [], 'one long burst');
  t.strictSame(findings('beacon', connections(times(7, () => 60))), [], 'too few');
  const loopback = connections(
    times(30, () => 60),
    { 'destination.ip': '127.0.0.1' },
  );
  t.strictSame(findings('beacon', loopback), [], 'the machine itself');
});

t.test('destinations, programs and hosts are told apart', async (t) => {
  const half = (more: object) =>
    connections(
      times(7, () => 60),
      more,
    );
  const apart = [
    half({}),
    half({ 'destination.port': 80 }),
    half({ 'destination.ip': '203.0.113.10' }),
    half({ 'process.executable': '/opt/other' }),
    half({ host: 'h2' }),
  ].flat();
  t.strictSame(
    findings(
      'beacon',
      apart.toSorted((a, b) => a.at - b.at),
    ),
    [],
  );
});

t.test('an attempt and its outcome are one beat', async (t) => {
  const tries = connections(times(6, () => 60)).flatMap((one) => [
    { ...one, 'event.action': 'attempted' },
    { ...one, at: one.at + 30, 'event.action': 'failed' },
  ]);
  t.strictSame(findings('beacon', tries), []);
});

t.test('names are beats as well, whatever address they have', async (t) => {
  const asked: TestEvent[] = times(8, () => 60).map((at) => ({
    ...{ type: 'dns.query', at, 'dns.question.name': 'C2.Example.org.', 'network.protocol': 'dns' },
    ...{ 'process.executable': '/opt/agent', 'destination.port': 53 },
  }));
  t.match(findings('beacon', asked), [
    { 'finding.kind': 'name', 'dns.question.name': 'c2.example.org', 'finding.count': 8 },
  ]);
});
