import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { tempFolder } from '../temp.ts';
import { Server, vedette, vedetteJson } from '../vedette.ts';
import { pcapFile, pcapngFile, timed } from './sensors/packet/captures.ts';
import { clientHello, connection, dnsMessage, extensionBodies, turn, udp } from './sensors/packet/frames.ts';

/** `vedette agent --pcap`, as a user runs it. */

const web = { from: '10.0.0.5', fromPort: 40_000, to: '10.0.0.1', toPort: 80 };
const names = { ...web, toPort: 53 };
const question = { id: 9, flags: 0x0100, questions: [{ name: 'evil.example', type: 1 }] };
const hello = clientHello({
  ciphers: [0x1301],
  extensions: [[0, extensionBodies.serverName('front.example')]],
});
const frames = timed([
  udp(names, dnsMessage(question)),
  udp(turn(names), dnsMessage({ ...question, flags: 0x8183 })),
  ...connection(web, [['client', Buffer.from('GET /\x1b[2J HTTP/1.1\r\nHost: plain.example\r\n\r\n')]]),
  ...connection({ ...web, fromPort: 40_001, toPort: 443 }, [['client', hello]]),
]);
const expected = { 'dns.query': 1, 'http.request': 1, 'tls.hello': 1, 'network.flow': 2 };

t.test('printed: events as JSON lines with the times of their packets, and a summary', async (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'x.pcapng');
  writeFileSync(path, pcapngFile(frames));
  const run = vedette('agent', '--pcap', path, '--print', '--data', join(folder, 'none'));
  t.equal(run.status, 0, run.stderr);
  const events = run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.equal(events.length, 5);
  t.ok(events.every(({ time }) => time >= 1_700_000_000_000_000 && time < 1_700_000_001_000_000));
  t.ok(events.every((event) => event['event.provider'] === 'pcap'));
  t.notOk(run.stdout.includes('\x1b'), 'escape codes are escaped');
  t.match(run.stderr, /x\.pcapng: pcapng, \d+ bytes, 16 packets\n.*malformed 0.*\nevents: /);
  const json = vedette('agent', '--pcap', path, '--print', '--json', '--data', join(folder, 'none'));
  const { summary } = JSON.parse(json.stdout.trim().split('\n').at(-1) as string);
  t.match(summary, {
    format: 'pcapng',
    packets: { packets: 16, decoded: 16, malformed: 0 },
    events: expected,
  });
});

t.test('damage and what is no capture', async (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'x.pcap');
  const replay = (content: Uint8Array) => {
    writeFileSync(path, content);
    return vedette('agent', '--pcap', path, '--print', '--json', '--data', folder);
  };
  const whole = pcapFile(frames);
  const cut = replay(whole.subarray(0, whole.length - 5));
  t.equal(cut.status, 1);
  t.match(cut.stderr, /capture\.damaged/);
  const lines = cut.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.match(lines.at(-1).summary, { events: expected, damage: { code: 'capture.damaged' } });
  t.match(replay(Buffer.from('no')), { status: 1, stderr: /capture\.not_a_capture/ });
  t.match(vedette('agent', '--pcap', join(folder, 'none'), '--print', '--data', folder), {
    status: 1,
    stderr: /capture\.unreadable/,
  });
  t.match(vedette('agent', '--pcap', path, '--data', folder), { status: 1, stderr: /agent\.not_enrolled/ });
  t.match(vedette('agent', '--print', '--data', folder), { status: 2, stderr: /--pcap/ });
});

t.test('sent: the collector has every event when the command ends', async (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'x.pcap');
  writeFileSync(path, pcapFile(frames));
  await Server.start(t, 'collector', '--port', '0', '--agent-port', '0', '--data', folder);
  const { token } = vedetteJson<{ token: string }>('enroll', '--new-token', '--data', folder);
  t.equal(vedette('enroll', '--token', token, '--data', folder).status, 0);
  const run = vedette('agent', '--pcap', path, '--json', '--data', folder);
  t.equal(run.status, 0, run.stderr);
  t.match(JSON.parse(run.stdout), { events: expected });
  const stored = vedette('events', '--json', '--limit', '100', '--data', folder);
  t.equal(stored.status, 0, stored.stderr);
  for (const name of ['evil.example', 'plain.example', 'front.example']) t.match(stored.stdout, name);
});
