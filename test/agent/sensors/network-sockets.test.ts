import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { addressText, ipv6Text } from '../../../agent/sensors/network/addresses.linux.ts';
import { parseRow } from '../../../agent/sensors/network/sockets.linux.ts';

/** Hex as a little-endian kernel prints it. */
function kernelHex(bytes: Uint8Array): string {
  const words = Array.from({ length: bytes.length / 4 }, (_, i) =>
    Buffer.from(bytes.subarray(4 * i, 4 * i + 4))
      .reverse()
      .toString('hex'),
  );
  return words.join('').toUpperCase();
}

t.test('addresses as the kernel prints them', async (t) => {
  t.equal(addressText('0100007F'), '127.0.0.1');
  t.equal(addressText('00000000'), '0.0.0.0');
  t.equal(addressText('00000000000000000000000001000000'), '::1');
  t.equal(addressText('00000000000000000000000000000000'), '::');
  t.equal(addressText('0000000000000000FFFF00000100007F'), '127.0.0.1');
  t.equal(addressText('B80D01200000000067452301EFCDAB89'), '2001:db8::123:4567:89ab:cdef');
  t.equal(addressText('0100007'), undefined);
  t.equal(addressText('0100007G'), undefined);
});

t.test('IPv6 text is canonical: what the platform makes of it is the same text', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constant(0), fc.nat(255)), { minLength: 16, maxLength: 16 }), (list) => {
      const bytes = Uint8Array.from(list);
      const text = ipv6Text(bytes);
      if (isIPv4(text)) return true;
      return isIPv6(text) && (/\./.test(text) || new URL(`http://[${text}]/`).hostname === `[${text}]`);
    }),
  );
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      (bytes) => addressText(kernelHex(bytes)) === bytes.join('.'),
    ),
  );
  t.pass();
});

t.test('rows', async (t) => {
  const row = (st: string, remote: string, inode: string) =>
    `   1: 0100007F:1F90 ${remote} ${st} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0000 100 0 0 10 0`;
  const open = parseRow('tcp', row('01', '0200007F:C350', '77'));
  t.match(open, { localPort: 8080, remotePort: 50_000, userId: '1000', inode: 77, state: 'open' });
  t.equal(parseRow('tcp', row('0A', '00000000:0000', '77'))?.state, 'listening');
  t.equal(parseRow('tcp', row('06', '0200007F:C350', '0'))?.state, 'other', 'TIME_WAIT');
  t.equal(parseRow('tcp', row('02', '0200007F:C350', '77'))?.state, 'other', 'not yet open');
  t.equal(parseRow('udp', row('07', '00000000:0000', '77'))?.state, 'listening');
  t.equal(parseRow('udp', row('01', '0200007F:0035', '77'))?.state, 'open');
  t.not(
    parseRow('tcp', row('01', '0200007F:C350', '78'))?.key,
    open?.key,
    'another socket between the same ends',
  );
  t.equal(parseRow('tcp', '  sl  local_address rem_address   st tx_queue'), undefined);
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseRow('tcp', text);
      return true;
    }),
  );
});
