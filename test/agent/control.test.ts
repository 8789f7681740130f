import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { printJson } from '#shared/output.ts';
import { askStatus } from '../../agent/control/client.ts';
import { controlPath } from '../../agent/control/path.ts';
import { serveStatus } from '../../agent/control/server.ts';
import { showStatus } from '../../agent/show-status.ts';
import type { AgentStatus } from '../../agent/status.ts';
import { tempFolder } from '../temp.ts';

/** The socket an agent answers on, and how its answer is shown. */

const hostile = 'a\u001b[31mred\n\u009b2J\u202egnol\u0000\u{1F600}';

const status: AgentStatus = {
  hostId: 'h-1',
  instance: 'test',
  pid: 7,
  startedAt: 1_700_000_000_000_000,
  isConnected: false,
  outbox: { events: 3, sizeBytes: 4096 },
  memory: { rssBytes: 70 * 1024 ** 2, heapBytes: 9, budgetBytes: 200 * 1024 ** 2 },
  cpu: { share: 0.0042, budgetShare: 0.15 },
  sensors: [
    {
      name: 'process',
      state: { status: 'running', mode: 'kernel', provider: 'linux', sinceAt: 1, note: hostile },
      events: 12,
      lost: 1,
      eventsPerSecond: 0.5,
      cpuShare: 0.001,
    },
    {
      name: 'packet',
      state: { status: 'unavailable', reason: `at rest: ${hostile}`, sinceAt: 1 },
      events: 0,
      lost: 0,
      eventsPerSecond: 0,
      cpuShare: 0,
    },
    { name: 'file', state: { status: 'stopped' }, events: 0, lost: 0, eventsPerSecond: 0, cpuShare: 0 },
  ],
  shed: [{ name: 'packet', reason: hostile, sinceAt: 1 }],
};

/** What is printed meanwhile. */
function printed(act: () => void): string {
  const { write } = process.stdout;
  let text = '';
  process.stdout.write = (part: string | Uint8Array) => {
    text += part;
    return true;
  };
  try {
    act();
  } finally {
    process.stdout.write = write;
  }
  return text;
}

t.test('what is shown to people drives no terminal', async (t) => {
  const text = printed(() => showStatus(status));
  t.notMatch(text.replaceAll('\n', ''), /[\p{Cc}\u202e]/u);
  for (const part of [
    'h-1',
    'not connected',
    '3 events, 4.0 KiB',
    '70.0 MiB',
    '0.42 %',
    'kernel',
    '\\u{1b}[31m',
  ]) {
    t.ok(text.includes(part), part);
  }
  t.equal(text.split('\n').filter((line) => line.startsWith('at rest')).length, 1);
  const json = printed(() => printJson(status));
  t.notMatch(json.replaceAll('\n', ''), /[\p{Cc}\u202e]/u);
  t.same(JSON.parse(json), status);
});

t.test('a path of any length and kind has a socket that can be', async (t) => {
  t.equal(controlPath('/var/lib/vedette/agent'), '/var/lib/vedette/agent/agent.sock');
  const long = controlPath(`/x/${'y'.repeat(200)}`);
  t.ok(long.startsWith(tmpdir()));
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ maxLength: 300 }), (a, b) => {
      const [one, other] = [controlPath(`/${a}`), controlPath(`/${b}`)];
      if (Buffer.byteLength(one) > 104) return false;
      return one === controlPath(`/${a}`) && (one !== other || join('/', a) === join('/', b));
    }),
  );
});

async function serving(t: Test, folder: string, answer: () => unknown = () => status) {
  const end = await serveStatus(controlPath(folder), answer);
  t.teardown(end);
  return end;
}

t.test('asked and answered, also where the path is too long', async (t) => {
  const short = tempFolder(t);
  const long = join(short, 'd'.repeat(120));
  mkdirSync(long);
  for (const folder of [short, long]) {
    const end = await serving(t, folder);
    t.same(await askStatus(folder), status);
    if (process.platform !== 'win32') t.equal(statSync(controlPath(folder)).mode & 0o777, 0o600);
    await end();
    t.notOk(existsSync(controlPath(folder)));
    await t.rejects(askStatus(folder), { code: 'agent.not_running' });
  }
});

t.test('a socket that was left over is taken away', { skip: process.platform === 'win32' }, async (t) => {
  const folder = tempFolder(t);
  writeFileSync(controlPath(folder), 'left over');
  await serving(t, folder);
  t.same(await askStatus(folder), status);
});

t.test('those who stand still keep nobody out for long, nor the end up', async (t) => {
  const folder = tempFolder(t);
  const end = await serving(t, folder, () => 'x'.repeat(4 * 1024 * 1024));
  const idle = Array.from({ length: 12 }, () => connect(controlPath(folder)).pause());
  await Promise.all(idle.map((socket) => once(socket, 'connect')));
  t.teardown(() => {
    for (const socket of idle) socket.destroy();
  });
  for (const socket of idle) socket.on('error', () => {});
  await t.rejects(askStatus(folder), { code: 'agent.not_running' }, 'too long an answer');
  const beganMs = performance.now();
  await end();
  t.comment(`ended in ${(performance.now() - beganMs).toFixed(0)} ms`);
});

t.test('answers that are none', async (t) => {
  const answers = ['', '{"a":', 'nonsense', 'x'.repeat(2 * 1024 * 1024)];
  for (const answer of answers) {
    const folder = tempFolder(t);
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(answer);
    });
    await new Promise<void>((resolve) => server.listen(controlPath(folder), resolve));
    t.teardown(() => server.close());
    await t.rejects(askStatus(folder), { code: 'agent.not_running' }, answer.slice(0, 9));
  }
});
