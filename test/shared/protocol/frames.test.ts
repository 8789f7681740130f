import fc from 'fast-check';
import { pack } from 'msgpackr';
import t from 'tap';
import {
  type AgentFrame,
  agentFrames,
  decodeAgentFrame,
  decodeCollectorFrame,
  encodeFrame,
  maxFrameBytes,
} from '#shared/protocol/frames.ts';

t.test('frames round-trip', async (t) => {
  const frames: AgentFrame[] = [
    { kind: 'hello', version: 1, pending: 0, facts: { os: 'linux' } },
    { kind: 'batch', stream: 'ab', sequence: 2 ** 40, collected: 9, data: Buffer.from([1, 2]) },
    { kind: 'ping', sentAt: 1_700_000_000_000_000, pending: 4 },
    { kind: 'bye', code: 'wire.shutdown', detail: '' },
    { kind: 'hello', version: 1, pending: 0, facts: {}, features: ['commands', 'of.tomorrow'] },
    { kind: 'result', id: 'a', status: 'done', code: '', detail: '', output: Buffer.from('{}'), cut: 3 },
    { kind: 'part', id: 'a', index: 3, data: Buffer.from('{}') },
  ];
  for (const frame of frames) {
    const result = decodeAgentFrame(encodeFrame(frame));
    t.ok(result.ok);
    if (result.ok) t.match(result.value, frame);
  }
});

t.test('what came later is optional, and checked where it is there', async (t) => {
  const hello = { kind: 'hello', version: 1, pending: 0, facts: {} };
  const command = { kind: 'command', id: 'a', name: 'b', arguments: {}, issuedAt: 1, expiresAt: 2 };
  const code = (result: ReturnType<typeof decodeAgentFrame> | ReturnType<typeof decodeCollectorFrame>) =>
    result.ok ? 'ok' : result.error.code;
  const helloWith = (features: unknown) => code(decodeAgentFrame(pack({ ...hello, features })));
  t.equal(code(decodeAgentFrame(pack(hello))), 'ok', 'an agent of 0.1.0 names no features');
  t.equal(helloWith([]), 'ok');
  for (const wrong of [null, 'commands', { 0: 'commands' }, [1], ['x'.repeat(65)], Array(33).fill('x')])
    t.equal(helloWith(wrong), 'wire.frame_malformed', JSON.stringify(wrong)?.slice(0, 40));
  const commandWith = (given: unknown) => code(decodeCollectorFrame(pack({ ...command, arguments: given })));
  t.equal(commandWith({ a: 1, b: 'x', c: true, d: -5 }), 'ok');
  for (const wrong of [undefined, [], { a: { b: 1 } }, { a: 1.5 }, { a: null }, { a: 'x'.repeat(4097) }])
    t.equal(commandWith(wrong), 'wire.frame_malformed', JSON.stringify(wrong)?.slice(0, 40));
  t.equal(code(decodeAgentFrame(pack(command))), 'wire.frame_unknown', 'an agent gives no commands');
  t.equal(code(decodeCollectorFrame(pack({ kind: 'result' }))), 'wire.frame_unknown');
});

t.test('refusals are coded', async (t) => {
  const code = (data: Uint8Array) => {
    const result = decodeAgentFrame(data);
    return result.ok ? 'ok' : result.error.code;
  };
  t.equal(code(pack({ kind: 'nonsense' })), 'wire.frame_unknown');
  t.equal(code(pack({ kind: 'constructor' })), 'wire.frame_unknown');
  t.equal(code(pack({ kind: 'ping', sentAt: -1, pending: 0 })), 'wire.frame_malformed');
  t.equal(code(pack({ kind: 'ping' })), 'wire.frame_malformed');
  t.equal(code(pack([1])), 'wire.frame_malformed');
  t.equal(code(new Uint8Array(0)), 'wire.frame_malformed');
  t.equal(code(new Uint8Array(maxFrameBytes + 1)), 'wire.frame_too_large');
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, 'v']));
  t.equal(code(pack({ kind: 'hello', version: 1, pending: 0, facts: many })), 'wire.frame_malformed');
});

t.test('what is optional may be absent, and is checked when it is there', async (t) => {
  const hello = { kind: 'hello', version: 1, pending: 0, facts: {} };
  const ok = (more: object) => decodeAgentFrame(pack({ ...hello, ...more })).ok;
  t.equal(ok({}), true);
  t.equal(ok({ run: 'a', features: ['renewal'] }), true);
  const bad = [{ run: 5 }, { features: 'renewal' }, { features: [5] }, { features: ['x'.repeat(65)] }];
  for (const more of [...bad, { features: Array(65).fill('x') }, { run: null }]) t.equal(ok(more), false);
});

t.test('any bytes give a result, never an exception', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const decode of [decodeAgentFrame, decodeCollectorFrame]) {
        const result = decode(bytes);
        if (!result.ok && !result.error.code.startsWith('wire.frame_')) return false;
      }
      return true;
    }),
    { numRuns: 3000 },
  );
});

t.test('a valid frame with any byte changed gives a result', async () => {
  const kinds = Object.keys(agentFrames);
  const frame = encodeFrame({
    kind: 'hello',
    version: 1,
    pending: 7,
    facts: { a: 'b' },
  });
  fc.assert(
    fc.property(fc.nat(frame.length - 1), fc.nat(255), (at, value) => {
      const mutated = Buffer.from(frame);
      mutated[at] = value;
      const result = decodeAgentFrame(mutated);
      return !result.ok || kinds.includes(result.value.kind);
    }),
    { numRuns: 2000 },
  );
});
