/** Commands on the agent's side: over a real ledger, each runs at most once and is answered until that is settled. */
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { agentFlush } from '#shared/commands/agent-flush.ts';
import { sensorSample } from '#shared/commands/sensor-sample.ts';
import { type CommandSpec, maxLifeMs, maxOutputBytes, maxUnsettled } from '#shared/commands/spec.ts';
import { CollectorClock } from '../../agent/commands/collector-clock.ts';
import type { Answer, CommandHost, CommandKind } from '../../agent/commands/kind.ts';
import { sensorSample as sampleKind } from '../../agent/commands/kinds/sensor-sample.ts';
import { CommandLedger, maxUnsettledRows, type ResultFrame } from '../../agent/commands/ledger.ts';
import { commandKinds } from '../../agent/commands/registry.ts';
import { type CommandFrame, CommandRunner } from '../../agent/commands/runner.ts';
import { createSensors } from '../../agent/sensors/registry.ts';
import { tempFolder } from '../temp.ts';

/** The collector's time at the connection: far from this host's. */
const then = 1_500_000_000_000_000;
const second = 1_000_000;
let next = 1;
const freshId = () => (next++).toString(16).padStart(16, '0');

function command(over: Partial<CommandFrame> = {}): CommandFrame {
  const given = {
    id: freshId(),
    name: 'agent.flush',
    arguments: {},
    issuedAt: then,
    expiresAt: then + 60 * second,
  };
  return { kind: 'command', ...given, ...over };
}

interface Site {
  readonly runner: CommandRunner;
  readonly results: ResultFrame[];
  /** Ids of commands in the order in which they ran. */
  readonly runs: string[];
  /** Codes of problems that were logged. */
  readonly problems: string[];
  /** The result of a command, once it is there. */
  result(id: string): Promise<ResultFrame>;
  connect(at?: number): void;
}

/** A runner over `path`, whose one kind does `act`. */
function start(
  t: Test,
  path: string,
  act: () => Promise<Answer> | Answer = () => ({ output: { ok: true } }),
  spec: CommandSpec = agentFlush,
): Site {
  const results: ResultFrame[] = [];
  const runs: string[] = [];
  const problems: string[] = [];
  const kind: CommandKind = { spec, run: () => act() };
  const runner = new CommandRunner({
    path,
    kinds: { [spec.name]: kind },
    host: Promise.resolve({} as CommandHost),
    log: (event) => {
      if (event.what === 'problem') problems.push(event.code);
      else if (event.state === 'begun') runs.push(event.id);
    },
  });
  t.teardown(() => runner.close());
  const connect = (at = then) => {
    runner.noteTime(at);
    runner.connected((result) => results.push(result));
  };
  connect();
  const result = async (id: string): Promise<ResultFrame> => {
    for (;;) {
      const found = results.find((one) => one.id === id);
      if (found !== undefined) return found;
      await sleep(5);
    }
  };
  return { runner, results, runs, problems, result, connect };
}

const outputOf = (result: ResultFrame) => JSON.parse(Buffer.from(result.output).toString()) as unknown;

t.test('a command runs once, however often it comes, over connections and restarts', async (t) => {
  const path = join(tempFolder(t), 'commands.db');
  const site = start(t, path);
  const one = command();
  site.runner.receive(one);
  site.runner.receive(one);
  const first = await site.result(one.id);
  t.match(first, { status: 'done', code: '', cut: 0 });
  t.same(outputOf(first), { ok: true });
  site.runner.receive(one);
  t.same(site.results[1], first, 'asked again it says the same');
  site.runner.settled(one.id);
  site.runner.receive(one);
  t.match(
    site.results[2],
    { status: 'done', output: new Uint8Array(0) },
    'settled, its output is gone, its end is known',
  );
  site.runner.disconnected();
  site.connect();
  site.runner.receive(one);
  site.runner.close();
  const again = start(t, path);
  again.runner.receive(one);
  t.match(await again.result(one.id), { status: 'done' });
  t.same([...site.runs, ...again.runs], [one.id]);
  t.equal(statSync(path).mode & 0o777, 0o600);
});

t.test('without commands there is no ledger', async (t) => {
  const folder = tempFolder(t);
  start(t, join(folder, 'commands.db'));
  t.same(readdirSync(folder), []);
});

t.test('what had begun when the agent ended is interrupted and does not run again', async (t) => {
  const path = join(tempFolder(t), 'commands.db');
  const site = start(t, path, () => new Promise(() => undefined));
  const one = command();
  const two = command();
  site.runner.receive(one);
  site.runner.receive(two);
  while (site.runs.length === 0) await sleep(5);
  site.runner.close();
  const again = start(t, path);
  t.match(await again.result(one.id), { status: 'interrupted', code: 'command.interrupted' });
  again.runner.receive(one);
  again.runner.receive(two);
  t.match(await again.result(two.id), { status: 'done' }, 'the one that waited runs now');
  t.same(again.runs, [two.id]);
});

t.test('results are sent until they are settled, a bounded number at a time', async (t) => {
  const path = join(tempFolder(t), 'commands.db');
  const site = start(t, path);
  site.runner.disconnected();
  const all = Array.from({ length: maxUnsettled + 4 }, () => command());
  for (const one of all) site.runner.receive(one);
  while (site.runs.length < all.length) await sleep(5);
  await sleep(20);
  t.equal(site.results.length, 0);
  site.connect();
  t.equal(site.results.length, maxUnsettled);
  site.runner.settled(all[0]!.id);
  t.equal(site.results.length, maxUnsettled + 1, 'one settled lets one follow');
  site.runner.close();
  const again = start(t, path);
  t.equal(again.results.length, maxUnsettled, 'another run sends what is not settled');
  t.notOk(again.results.some((r) => r.id === all[0]!.id));
});

t.test('expiry goes by the clock of the collector, not by that of this host', async (t) => {
  const path = join(tempFolder(t), 'commands.db');
  const site = start(t, path);
  const late = command({ issuedAt: then - 90 * second, expiresAt: then - second });
  site.runner.receive(late);
  t.match(await site.result(late.id), { status: 'expired', code: 'command.expired' });
  const good = command();
  site.runner.receive(good);
  t.match(await site.result(good.id), { status: 'done' }, 'years ago by our clock, and valid by its');
  site.runner.noteTime(then + 100 * second);
  const now = command();
  site.runner.receive(now);
  t.match(await site.result(now.id), { status: 'expired' }, 'a ping moved the clock on');
  t.same(site.runs, [good.id]);
  const clock = new CollectorClock();
  t.equal(clock.now(), undefined);
  clock.note(then);
  await sleep(20);
  const read = clock.now() as number;
  t.ok(read >= then + 15_000 && read < then + 3600 * second, 'it goes on between two');
});

t.test('what may have been forgotten never runs, whatever the clocks do', async (t) => {
  const path = join(tempFolder(t), 'commands.db');
  const site = start(t, path);
  const one = command();
  site.runner.receive(one);
  await site.result(one.id);
  site.runner.noteTime(then + 3 * maxLifeMs * 1000);
  const later = command({
    issuedAt: then + 3 * maxLifeMs * 1000,
    expiresAt: then + (3 * maxLifeMs + 60_000) * 1000,
  });
  site.runner.receive(later);
  await site.result(later.id);
  site.runner.close();
  const ledger = CommandLedger.open(path);
  t.equal(ledger.get(one.id), undefined, 'it is forgotten');
  ledger.close();
  const back = start(t, path);
  back.runner.receive(one);
  t.match(
    await back.result(one.id),
    { status: 'expired' },
    'the collector set its clock back and sent it again',
  );
  t.same(back.runs, []);
});

t.test('what is wrong is refused with a code and does not run', async (t) => {
  const site = start(t, join(tempFolder(t), 'commands.db'), undefined, sensorSample);
  const name = 'sensor.sample';
  const cases: readonly [Partial<CommandFrame>, string, string][] = [
    [{ name: 'host.wipe' }, 'unknown-kind', 'command.unknown_kind'],
    [{ name: 'constructor' }, 'unknown-kind', 'command.unknown_kind'],
    [{ name, arguments: {} }, 'refused', 'command.invalid'],
    [{ name, arguments: { sensor: 5 } }, 'refused', 'command.invalid'],
    [{ name, arguments: { sensor: 'x'.repeat(65) } }, 'refused', 'command.invalid'],
    [{ name, arguments: { sensor: 'x', limit: 10_001 } }, 'refused', 'command.invalid'],
    [{ name, arguments: { sensor: 'x', toString: 'y' } }, 'refused', 'command.invalid'],
    [{ name, expiresAt: then }, 'refused', 'command.invalid'],
    [{ name, expiresAt: then + (maxLifeMs + 1) * 1000 }, 'refused', 'command.invalid'],
    [{ name, id: '../../etc/passwd' }, 'refused', 'command.invalid'],
  ];
  for (const [over, status, code] of cases) {
    const one = command(over);
    site.runner.receive(one);
    t.match(await site.result(one.id), { status, code }, JSON.stringify(over));
    site.runner.settled(one.id);
  }
  t.same(site.runs, []);
});

t.test('a command that fails, takes too long or says too much', async (t) => {
  const acts: (() => Promise<Answer> | Answer)[] = [
    () => {
      throw new Error('no such thing');
    },
    () => new Promise(() => undefined),
    () => ({ output: { text: 'x'.repeat(maxOutputBytes) } }),
    () => ({ output: { text: 'x' }, cut: 7 }),
  ];
  const site = start(t, join(tempFolder(t), 'commands.db'), () => acts.shift()!(), {
    ...agentFlush,
    timeoutMs: 50,
  });
  const expected = [
    { status: 'failed', code: 'command.failed', detail: 'no such thing.' },
    { status: 'failed', code: 'command.timed_out' },
    { status: 'failed', code: 'command.output_too_large' },
    { status: 'done', code: '', cut: 7 },
  ];
  for (const ending of expected) {
    const one = command();
    site.runner.receive(one);
    t.match(await site.result(one.id), ending);
  }
});

t.test('too many at once are refused, and none of them is lost to a later sending', async (t) => {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const site = start(t, join(tempFolder(t), 'commands.db'), () => promise);
  const all = Array.from({ length: maxUnsettledRows }, () => command());
  for (const one of all) site.runner.receive(one);
  const refused = site.results.filter((r) => r.code === 'command.busy').map((r) => r.id);
  t.ok(refused.length > 0 && refused.length < all.length);
  resolve({});
  while (site.runs.length < all.length - refused.length) await sleep(5);
  await sleep(20);
  for (const one of all) site.runner.settled(one.id);
  site.results.length = 0;
  const again = all.find((one) => one.id === refused[0])!;
  site.runner.receive(again);
  t.match(await site.result(again.id), { status: 'done' });
});

t.test('a damaged ledger is set aside, and what it may have known does not run', async (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'commands.db');
  writeFileSync(path, 'this was a database once, and it is none any more'.repeat(200));
  const site = start(t, path);
  const before = command({ issuedAt: then - second });
  site.runner.receive(before);
  t.match(await site.result(before.id), { status: 'interrupted', code: 'command.ledger_damaged' });
  const after = command({ issuedAt: then + second });
  site.runner.receive(after);
  t.match(await site.result(after.id), { status: 'done' });
  t.same(site.runs, [after.id]);
  t.same(site.problems, ['command.ledger_damaged']);
  t.ok(readdirSync(folder).some((name) => name.startsWith('commands.db.corrupt-')));
});

t.test('where the ledger cannot be written nothing runs', async (t) => {
  const site = start(t, join(tempFolder(t), 'no', 'such', 'folder', 'commands.db'));
  const one = command();
  site.runner.receive(one);
  t.match(await site.result(one.id), { status: 'refused', code: 'data.unreadable' });
  t.same(site.runs, []);
  t.same(site.problems, ['data.unreadable'], 'and it is said');
});

t.test('a sample of a real sensor, bounded', async (t) => {
  t.same(
    Object.keys(commandKinds),
    Object.values(commandKinds).map(({ spec }) => spec.name),
    'each under its name',
  );
  const host: CommandHost = {
    sensors: createSensors(),
    flush: () => undefined,
    status: () => ({}) as never,
    query: () => Promise.reject(new Error('Nobody asks here.')),
  };
  const run = (args: Record<string, string | number>) =>
    sampleKind.run(args, host, new AbortController().signal, undefined);
  const { output, cut } = (await run({ sensor: 'process', limit: 2 })) as Required<Answer>;
  t.match(output, { sensor: 'process' });
  const events = output['events'] as { type: string }[];
  t.equal(events.length, 2);
  t.equal(cut, Number(output['total']) - 2);
  t.equal(events[0]?.type, 'process.start');
  await t.rejects(async () => run({ sensor: 'nose' }), { code: 'command.invalid' });
  const large = Array.from({ length: 600 }, (_, i) => ({
    type: 'log.line',
    time: i,
    message: 'x'.repeat(1000),
  }));
  const noisy = { describe: () => ({ name: 'noisy' }), sample: async () => large } as never;
  const many = (await sampleKind.run(
    { sensor: 'noisy' },
    { ...host, sensors: [noisy] },
    new AbortController().signal,
    undefined,
  )) as Required<Answer>;
  t.ok(Buffer.byteLength(JSON.stringify(many.output)) <= maxOutputBytes);
  t.equal(many.cut + (many.output['events'] as unknown[]).length, 600, 'what is left out is counted');
  t.ok(many.cut > 0);
});

t.test('what runs aside holds up nothing, and still runs once', async (t) => {
  const ran: string[] = [];
  const end = Promise.withResolvers<void>();
  const kinds: Record<string, CommandKind> = {
    'query.run': {
      spec: { ...agentFlush, name: 'query.run' },
      isAside: true,
      async run() {
        ran.push('query.run');
        await end.promise;
        return {};
      },
    },
    'agent.flush': { spec: agentFlush, run: () => ({ output: { order: ran.push('agent.flush') } }) },
  };
  const results: ResultFrame[] = [];
  const runner = new CommandRunner({
    path: join(tempFolder(t), 'commands.db'),
    kinds,
    host: Promise.resolve({} as CommandHost),
    log: () => undefined,
  });
  t.teardown(() => runner.close());
  runner.noteTime(then);
  runner.connected((result) => void results.push(result));
  const [question, action] = [command({ name: 'query.run' }), command()];
  runner.receive(question);
  runner.receive(action);
  while (results.length < 1) await sleep(10);
  t.equal(results[0]?.id, action.id, 'while the question is still asked');
  runner.receive(question);
  await sleep(100);
  end.resolve();
  while (results.length < 2) await sleep(10);
  t.match(results[1], { id: question.id, status: 'done' });
  t.same(ran, ['query.run', 'agent.flush']);
});

t.test('parts go over the connection that takes them, in order; canceled is given up', async (t) => {
  const sent: { readonly id: string; readonly index: number; readonly data: Uint8Array }[] = [];
  const results: ResultFrame[] = [];
  const began = Promise.withResolvers<void>();
  const kind: CommandKind = {
    spec: agentFlush,
    async run(_, __, signal, sendPart) {
      await sendPart?.(Buffer.from('a'));
      await sendPart?.(Buffer.from('b'));
      began.resolve();
      if (sendPart !== undefined) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return { output: { streamed: sendPart !== undefined } };
    },
  };
  const runner = new CommandRunner({
    path: join(tempFolder(t), 'commands.db'),
    kinds: { 'agent.flush': kind },
    host: Promise.resolve({} as CommandHost),
    log: () => undefined,
  });
  t.teardown(() => runner.close());
  runner.noteTime(then);
  runner.connected(
    (result) => void results.push(result),
    async (part) => void sent.push(part),
  );
  const [running, waiting] = [command(), command()];
  runner.receive(running);
  runner.receive(waiting);
  await began.promise;
  t.same(
    sent.map(({ id, index, data }) => [id, index, Buffer.from(data).toString()]),
    [
      [running.id, 0, 'a'],
      [running.id, 1, 'b'],
    ],
  );
  runner.cancel('f'.repeat(16));
  runner.cancel(waiting.id);
  runner.cancel(running.id);
  while (results.length < 2) await sleep(10);
  t.match(
    results.find((one) => one.id === waiting.id),
    { status: 'refused', code: 'command.canceled' },
  );
  t.match(
    results.find((one) => one.id === running.id),
    { status: 'failed', code: 'command.canceled' },
  );
  t.equal(sent.length, 2, 'the one that waited never began');

  runner.disconnected();
  runner.connected((result) => void results.push(result));
  const whole = command();
  runner.receive(whole);
  while (!results.some((one) => one.id === whole.id)) await sleep(10);
  t.match(
    JSON.parse(Buffer.from(results.find((one) => one.id === whole.id)?.output ?? []).toString()),
    { streamed: false },
    'a collector that takes none',
  );
});
