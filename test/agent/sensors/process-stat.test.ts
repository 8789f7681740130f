import fc from 'fast-check';
import t from 'tap';
import { processEntityId } from '../../../agent/sensors/linux/boot.ts';
import { containerOf, parseStat, terminalName } from '../../../agent/sensors/process/stat.linux.ts';

function statLine(
  name: Uint8Array,
  ppid: number,
  startTicks: number,
  flags = 4_194_304,
  state = 'S',
  threads = 1,
) {
  const head = Buffer.concat([Buffer.from('42 ('), name, Buffer.from(')')]);
  const fields = [
    state,
    ppid,
    7,
    8,
    34_816,
    -1,
    flags,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    20,
    0,
    threads,
    0,
    startTicks,
  ];
  const rest = [
    '18446744073709551615',
    ...Array.from({ length: 24 }, (_, i) => 1000 + i),
    140_733_108_218_577,
  ];
  return Buffer.concat([head, Buffer.from(` ${[...fields, ...rest].join(' ')} 0 0 0 0\n`)]);
}

t.test('stat: any name, however it is spelt', async () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 0, maxLength: 64 }),
      fc.nat(4_194_304),
      fc.nat(2 ** 31 - 1),
      (name, ppid, startTicks) => {
        const line = statLine(name, ppid, startTicks);
        const stat = parseStat(line, line.length);
        return (
          stat !== undefined &&
          stat.name === Buffer.from(name).toString('utf8') &&
          stat.parentPid === ppid &&
          stat.startTicks === startTicks &&
          stat.sessionId === 8
        );
      },
    ),
  );
});

t.test('stat: kernel threads, zombies, and lines that are none', async (t) => {
  const parse = (line: Buffer) => parseStat(line, line.length);
  const name = Buffer.from('a) S 1 (b');
  t.equal(parse(statLine(name, 1, 5))?.name, 'a) S 1 (b');
  t.equal(parse(statLine(name, 1, 5))?.kernelThread, false);
  t.equal(parse(statLine(name, 2, 5, 0x0020_8040))?.kernelThread, true);
  t.equal(parse(statLine(name, 1, 5, 0, 'Z'))?.zombie, true);
  t.equal(parse(statLine(name, 1, 5, 0, 'Z', 3))?.zombie, false, 'a leader whose threads live on');
  t.equal(parse(Buffer.from('')), undefined);
  t.equal(parse(Buffer.from('1 (x) S 1 1')), undefined);
  t.equal(parse(Buffer.from('no parenthesis at all 1 2 3')), undefined);
  const whole = statLine(name, 1, 5);
  t.equal(parseStat(whole, 20), undefined, 'bytes beyond the length do not count');
});

t.test('stat: never throws', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      parseStat(bytes, bytes.length);
      return true;
    }),
  );
});

t.test('terminals', async (t) => {
  t.equal(terminalName(0), undefined);
  t.equal(terminalName((136 << 8) | 3), 'pts/3');
  t.equal(terminalName((137 << 8) | 1), 'pts/257');
  t.equal(terminalName((136 << 8) | 0x10 | (0x1 << 20)), 'pts/272');
  t.equal(terminalName((4 << 8) | 1), 'tty1');
  t.equal(terminalName((4 << 8) | 65), 'ttyS1');
  t.equal(terminalName((5 << 8) | 1), 'console');
  t.equal(terminalName((99 << 8) | 2), '99:2');
});

t.test('containers', async (t) => {
  const id = 'ab'.repeat(32);
  t.equal(containerOf(`0::/system.slice/docker-${id}.scope\n`), id);
  t.equal(containerOf(`1:name=systemd:/kubepods/besteffort/pod1/${id}\n`), id);
  t.equal(containerOf('0::/lxc.payload.web/init.scope\n'), 'web');
  t.equal(containerOf('0::/user.slice/user-1000.slice\n'), undefined);
});

t.test('entity ids differ by boot, pid and start, and nothing else', async (t) => {
  t.match(processEntityId('boot', 1, 2), /^[0-9a-f]{20}$/);
  t.equal(processEntityId('boot', 1, 2), processEntityId('boot', 1, 2));
  const all = [
    processEntityId('b', 1, 2),
    processEntityId('c', 1, 2),
    processEntityId('b', 2, 2),
    processEntityId('b', 1, 3),
  ];
  t.equal(new Set(all).size, 4);
});
