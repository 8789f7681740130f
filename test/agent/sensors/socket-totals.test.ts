import { existsSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import t from 'tap';
import { parseTotals } from '../../../agent/sensors/network/socket-totals.linux.ts';
import { createSensors } from '../../../agent/sensors/registry.ts';
import { Collected } from './collected.ts';

const line =
  'ESTAB 0      0      127.0.0.1:56748 127.0.0.1:45155 bbr wscale:10,10 rto:204 bytes_sent:123 bytes_retrans:23 ' +
  'bytes_acked:124 bytes_received:500 segs_out:4';

t.test('bytes by the ends of a connection', async (t) => {
  const bytes = { sentBytes: 100, receivedBytes: 500, bytesSource: 'ss' };
  t.same([...parseTotals(`${line}\n\nnonsense\n`)], [['127.0.0.1 56748 127.0.0.1 45155', bytes]]);
  const other = line
    .replace('127.0.0.1:56748', '[fe80::1%eth0]:22')
    .replace('127.0.0.1:45155', '[::ffff:10.0.0.9]:9');
  t.same([...parseTotals(other).keys()], ['fe80::1 22 10.0.0.9 9']);
});

t.test('whatever ss says', async () => {
  fc.assert(fc.property(fc.string(), (text) => void parseTotals(text)));
  fc.assert(
    fc.property(fc.nat(line.length), fc.string(), (at, text) => {
      parseTotals(line.slice(0, at) + text + line.slice(at));
    }),
  );
});

const noSs = ['/usr/bin/ss', '/bin/ss', '/usr/sbin/ss', '/sbin/ss'].some((path) => existsSync(path))
  ? false
  : 'no ss';

t.test(
  'a sampled connection has its bytes from ss',
  { skip: noSs || process.platform !== 'linux' },
  async (t) => {
    const server = createServer((socket) => socket.end(Buffer.alloc(500)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => server.close());
    const { port } = server.address() as AddressInfo;
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    client.write(Buffer.alloc(123));
    client.resume();
    await new Promise((resolve) => client.once('end', resolve));
    const sensor = createSensors({ intervalMs: { network: 50 } }).find(
      (one) => one.describe().name === 'network',
    );
    const got = new Collected();
    t.teardown(() => sensor?.stop());
    await sensor?.start(got.emit);
    // The first reading follows the first look at once.
    await sleep(1500);
    client.end();
    const closed = await got.until(
      'network.connection',
      (e) =>
        e['event.action'] === 'closed' && e['destination.port'] === port && e['network.initiated'] === true,
    );
    t.match(closed, { 'source.bytes': 123, 'destination.bytes': 500, 'network.bytes_source': 'ss' });
  },
);
