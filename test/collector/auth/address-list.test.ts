import t from 'tap';
import { AddressList, checkNetworks, isOwnMachine } from '../../../collector/auth/address-list.ts';

t.test('addresses and networks, IPv4 in IPv6 as what it stands for', (t) => {
  const list = new AddressList(['192.0.2.0/24', '198.51.100.7', '2001:db8::/32', '::ffff:203.0.113.0/120']);
  for (const inside of [
    ...['192.0.2.9', '::ffff:192.0.2.9', '::ffff:c000:209', '198.51.100.7', '2001:db8:5::1', '203.0.113.200'],
    '::ffff:203.0.113.1',
  ])
    t.equal(list.allows(inside), true, inside);
  for (const outside of [
    '192.0.3.1',
    '198.51.100.8',
    '2001:db9::1',
    '::1',
    '127.0.0.1',
    '',
    'evil',
    '203.0.114.1',
  ])
    t.equal(list.allows(outside), false, outside);
  t.equal(new AddressList([]).allows('192.0.2.9'), true, 'an empty list allows all');
  for (const bad of ['10', '10.1', '010.0.0.1', '0x7f.0.0.1', '192.0.2.0/33', 'example.org', '', '1.2.3.4/'])
    t.throws(() => new AddressList([bad]), { code: 'api.invalid' }, bad);
  t.throws(() => checkNetworks('trustedProxies', ['x']), { code: 'config.invalid' });
  t.end();
});

t.test('the own machine: loopback, or the address one connects to', (t) => {
  t.equal(isOwnMachine('127.0.0.1', '127.0.0.1'), true);
  t.equal(isOwnMachine('::ffff:127.0.0.1', '::ffff:127.0.0.1'), true);
  t.equal(isOwnMachine('::1', '::1'), true);
  t.equal(isOwnMachine('192.0.2.1', '::ffff:192.0.2.1'), true);
  t.equal(isOwnMachine('192.0.2.1', '192.0.2.2'), false);
  t.equal(isOwnMachine(undefined, undefined), false);
  t.end();
});
