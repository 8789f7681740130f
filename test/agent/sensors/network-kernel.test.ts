import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { modeOf, noKernelEvents, startKernel, tracefs, until } from './kernel-host.ts';
import { between, type ConnectionEvent, startServer, talk } from './network-scene.ts';

/** TCP connections from the kernel's own events, with real processes. */

const hasPerl = spawnSync('perl', ['-MIO::Socket::IP', '-e', '1']).status === 0;
const options = { skip: noKernelEvents || (hasPerl ? false : 'no perl') };
const veth = ['--net', 'ip', 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1'];
const noVeth = spawnSync('/usr/bin/unshare', veth).status === 0 ? false : 'no veth in a namespace';
const noUnshare = existsSync('/usr/bin/unshare') && existsSync('/usr/sbin/ip') ? false : 'no unshare or ip';

/** Runs a program without holding this thread up, which has the servers' output to read. */
async function outputOf(program: string, ...args: string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const part of child.stdout) output += part;
  return output;
}

function one(events: readonly ConnectionEvent[], action: ConnectionEvent['event.action'], isOurs: boolean) {
  const found = events.filter((e) => e['event.action'] === action && e['network.initiated'] === isOurs);
  if (found.length !== 1) throw new Error(`${found.length} ${action}: ${JSON.stringify(found)}`);
  return found[0] as ConnectionEvent;
}

for (const host of ['127.0.0.1', '::1']) {
  t.test(`${host}: both ends with their processes and exact bytes`, options, async (t) => {
    const { got } = await startKernel(t, ['network']);
    const server = await startServer(t, { host, replyBytes: 4567 });
    const listening = await got.until('network.connection', (e) => e['source.port'] === server.port);
    t.match(listening, {
      'event.action': 'listening',
      'event.provider': 'tracefs',
      'source.ip': host,
      'process.pid': server.child.pid,
      'process.name': 'perl',
    });
    const port = await talk(host, server.port, 12_345);
    await until(() => between(got, port, server.port).length === 4, 'both ends opened and closed');
    const events = between(got, port, server.port);
    const bytes = {
      'source.bytes': 12_345,
      'destination.bytes': 4567,
      'network.bytes_source': 'calls',
    };
    const ends = { 'source.ip': host, 'destination.ip': host, 'network.transport': 'tcp' };
    for (const [isOurs, opened, pid] of [
      [true, 'connected', process.pid],
      [false, 'accepted', server.child.pid],
    ] as const) {
      const begin = one(events, opened, isOurs);
      const end = one(events, 'closed', isOurs);
      t.match(begin, { ...ends, 'process.pid': pid, 'event.provider': 'tracefs' });
      t.match(end, { ...ends, ...bytes, 'process.pid': pid });
      t.equal(begin['network.connection_id'], end['network.connection_id']);
      t.equal(begin['process.entity_id'], end['process.entity_id']);
      const durationNs = end['event.duration'] ?? -1;
      t.ok(durationNs >= 0 && durationNs <= (end.time - begin.time) * 1000 + 1e9);
      t.equal(begin['network.namespace'], undefined);
    }
    t.not(
      one(events, 'connected', true)['network.connection_id'],
      one(events, 'accepted', false)['network.connection_id'],
    );
  });
}

t.test('a connection that is refused has failed', options, async (t) => {
  const { got } = await startKernel(t, ['network']);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await got.until('network.connection', (e) => e['event.action'] === 'closed' && e['source.port'] === port);
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'error');
  const isIt = (e: ConnectionEvent) => e['destination.port'] === port;
  const failed = await got.until('network.connection', isIt);
  t.match(failed, { 'event.action': 'failed', 'network.initiated': true, 'process.pid': process.pid });
  await sleep(300);
  t.equal(got.of('network.connection').filter(isIt).length, 1);
});

t.test(
  'a connection nobody answers is told after a second, and fails when it is given up',
  { skip: options.skip || noVeth },
  async (t) => {
    const { got } = await startKernel(t, ['network']);
    // The neighbour is said to be there, so that packets go out, and is not.
    const script = `
      ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up &&
      ip addr add 192.0.2.2/24 dev v0 &&
      ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev v0 &&
      exec perl -MIO::Socket::IP -e '
        my $s = IO::Socket::IP->new(PeerHost => "192.0.2.1", PeerPort => 9, Timeout => 3);
        print $s ? "open" : "no"'`;
    const child = spawn('/usr/bin/unshare', ['--net', '/bin/sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const { pid } = child;
    let answer = '';
    for await (const part of child.stdout) answer += part;
    t.equal(answer, 'no');
    const isIt = (e: ConnectionEvent) => e['destination.ip'] === '192.0.2.1' && e['process.pid'] === pid;
    const failed = await got.until('network.connection', (e) => isIt(e) && e['event.action'] === 'failed');
    const events = got.of('network.connection').filter(isIt);
    t.same(
      events.map((e) => e['event.action']),
      ['attempted', 'failed'],
    );
    t.equal(events[0]?.['network.connection_id'], failed['network.connection_id']);
    t.ok((failed['event.duration'] ?? 0) >= 2e9, 'until it was given up');
    t.ok(failed['network.namespace'], 'in another namespace');
  },
);

for (const reusePort of [false, true]) {
  const how = reusePort ? 'on sockets of their own' : 'on one socket';
  t.test(`workers that accept ${how}: each has what it took`, options, async (t) => {
    const { got } = await startKernel(t, ['network']);
    const server = await startServer(t, { workers: 6, reusePort });
    const clients = 240;
    const ports: number[] = [];
    for (let i = 0; i < 3; i++) {
      const talks = Array.from({ length: clients / 3 }, () => talk('127.0.0.1', server.port, 20));
      ports.push(...(await Promise.all(talks)));
    }
    t.equal(new Set(ports).size, clients);
    t.ok(new Set(server.acceptedBy.values()).size > 1, 'several workers');
    const accepted = () => got.of('network.connection').filter((e) => e['event.action'] === 'accepted');
    const ofServer = () => accepted().filter((e) => e['destination.port'] === server.port);
    await until(() => ofServer().length === clients, 'each accepted');
    const wrong = ofServer().filter((e) => e['process.pid'] !== server.acceptedBy.get(e['source.port']));
    t.same(
      wrong.map((e) => [e['source.port'], e['process.pid'], server.acceptedBy.get(e['source.port'])]),
      [],
    );
    await until(
      () =>
        got
          .of('network.connection')
          .filter((e) => e['event.action'] === 'closed' && e['destination.port'] === server.port).length ===
        2 * clients,
      'each closed, both ends',
    );
  });
}

t.test(
  'many short connections of many processes at once: none is missing, none told twice',
  options,
  async (t) => {
    const { got } = await startKernel(t, ['network']);
    const server = await startServer(t, { workers: 2 });
    const script = `
    use IO::Socket::IP;
    for (1 .. 5) { if (!fork) { for (1 .. 40) {
      my $s = IO::Socket::IP->new(PeerHost => '127.0.0.1', PeerPort => ${server.port}) or next;
      syswrite STDOUT, $$ . ' ' . $s->sockport . "\\n"; syswrite $s, "hello\\n"; sysread($s, my $x, 999); close $s;
    } exit } } 1 while wait != -1;`;
    const stdout = await outputOf('perl', '-e', script);
    // A port may be had twice: it is the server that closes first.
    const made = stdout.trim().split('\n').toSorted();
    t.equal(made.length, 200);
    const all = () => got.of('network.connection').filter((e) => e['destination.port'] === server.port);
    await until(() => all().filter((e) => e['event.action'] === 'closed').length === 400, 'all closed');
    const connected = all().filter((e) => e['event.action'] === 'connected');
    t.same(
      connected.map((e) => `${e['process.pid']} ${e['source.port']}`).toSorted(),
      made,
      'each by its process',
    );
    t.equal(connected.length, 200);
    t.equal(all().filter((e) => e['event.action'] === 'accepted').length, 200);
    t.equal(all().length, 800);
    t.equal(new Set(all().map((e) => e['network.connection_id'])).size, 400);
    const bytes = all().filter((e) => e['event.action'] === 'closed' && e['source.bytes'] !== 6);
    t.same(bytes, [], 'each has its bytes');
  },
);

t.test('both ends in another network namespace', { skip: options.skip || noUnshare }, async (t) => {
  const { got } = await startKernel(t, ['network']);
  const through = ['/usr/bin/unshare', '--net', '/bin/sh', '-c', 'ip link set lo up; exec "$@"', 'sh'];
  const server = await startServer(t, { through });
  const namespace = /\d+/.exec(readlinkSync(`/proc/${server.child.pid}/ns/net`))?.[0];
  const client = `
      use IO::Socket::IP; my $s = IO::Socket::IP->new(PeerHost => '127.0.0.1', PeerPort => ${server.port}) or die;
      print qq($$ ) . $s->sockport; syswrite $s, "hello\\n"; sysread $s, my $x, 999; sleep 1;`;
  const target = ['--net', '--target', String(server.child.pid)];
  const [pid, port = 0] = (await outputOf('nsenter', ...target, 'perl', '-e', client)).split(' ').map(Number);
  t.ok(port > 0);
  await until(() => between(got, port, server.port).length >= 4, 'both ends opened and closed');
  const events = between(got, port, server.port);
  t.equal(events.length, 4);
  for (const event of events) {
    t.equal(event['network.namespace'], namespace);
    t.equal(event['process.pid'], event['network.initiated'] ? pid : server.child.pid);
  }
  await sleep(1000);
  t.equal(between(got, port, server.port).length, 4, 'none told twice');
});

t.test('connections of before are told of as such, and when they close', options, async (t) => {
  const server = await startServer(t);
  const sockets = Array.from({ length: 3 }, () => connect(server.port, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  await until(() => server.acceptedBy.size > 0, 'accepted');
  const { got } = await startKernel(t, ['network']);
  const [first] = sockets;
  const port = first?.localPort ?? 0;
  const open = between(got, port, server.port);
  t.same(open.map((e) => [e['event.action'], e['event.baseline'], e['process.pid']]).toSorted(), [
    ['accepted', true, server.child.pid],
    ['connected', true, process.pid],
  ]);
  for (const socket of sockets) socket.resume().end('bye\n');
  await Promise.all(sockets.map((socket) => once(socket, 'close')));
  await until(() => between(got, port, server.port).length === 4, 'closed');
  for (const isOurs of [true, false]) {
    const opened = one(open, isOurs ? 'connected' : 'accepted', isOurs);
    const closed = one(between(got, port, server.port), 'closed', isOurs);
    t.equal(closed['network.connection_id'], opened['network.connection_id']);
    t.match(closed, { 'event.provider': 'tracefs', 'process.pid': opened['process.pid'] });
  }
});

t.test('goes on by sampling when its trace is turned off, and tells nothing twice', options, async (t) => {
  const { got, sensors, instance } = await startKernel(t, ['network']);
  const server = await startServer(t);
  const before = connect(server.port, '127.0.0.1');
  await once(before, 'connect');
  await until(() => between(got, before.localPort ?? 0, server.port).length === 2, 'open');
  writeFileSync(join(tracefs, 'instances', instance, 'tracing_on'), '0');
  await until(() => sensors.every((sensor) => modeOf(sensor) === 'sampled'), 'sampled');
  // The server is busy with the first, so this one waits.
  const after = connect(server.port, '127.0.0.1');
  await once(after, 'connect');
  const after1 = await got.until(
    'network.connection',
    (e) => e['source.port'] === after.localPort && e['event.action'] === 'connected',
  );
  t.match(after1, { 'event.provider': 'procfs', 'process.pid': process.pid });
  t.equal(after1['event.baseline'], undefined);
  const port = before.localPort ?? 0;
  before.resume().end('bye\n');
  await once(before, 'close');
  await until(
    () => between(got, port, server.port).filter((e) => e['event.action'] === 'closed').length === 2,
    'the one of before is closed',
  );
  const events = between(got, port, server.port);
  t.equal(events.length, 4);
  t.equal(new Set(events.map((e) => e['network.connection_id'])).size, 2);
  after.destroy();
  const listening = got
    .of('network.connection')
    .filter((e) => e['source.port'] === server.port && e['event.action'] === 'listening');
  t.equal(listening.length, 1);
});

t.test('what was overrun is made up for', options, async (t) => {
  const { got } = await startKernel(t, ['network'], { bufferKib: 256 });
  const server = await startServer(t);
  const kept = connect(server.port, '127.0.0.1');
  await once(kept, 'connect');
  const keptPort = kept.localPort ?? 0;
  await until(() => between(got, keptPort, server.port).length === 2, 'both ends');
  // This thread does not read while it runs the storm itself, in whose midst connections are opened and one closes.
  const open = `use IO::Socket::IP; my $s = IO::Socket::IP->new(PeerHost => "127.0.0.1", PeerPort => ${server.port}) or die;`;
  const hold = `${open} syswrite STDOUT, $$ . " " . $s->sockport; close STDOUT; sleep 300`;
  const storm = 'i=0; while [ $i -lt 1500 ]; do /bin/true; i=$((i + 1)); done';
  const script = `${storm}; perl -e '${hold}' & perl -e '${open}' & ${storm}`;
  const { stdout } = spawnSync('/bin/sh', ['-c', script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [holder = 0, heldPort = 0] = stdout.split(' ').map(Number);
  t.teardown(() => process.kill(holder, 'SIGKILL'));
  await got.until('loss', (e) => e['loss.count'] > 0);
  await until(() => between(got, heldPort, server.port).length > 0, 'the connection is known');
  t.match(between(got, heldPort, server.port)[0], { 'event.action': 'connected', 'process.pid': holder });
  kept.resume().end('bye\n');
  await until(
    () => between(got, keptPort, server.port).filter((e) => e['event.action'] === 'closed').length === 2,
    'and the closing of the kept one',
  );
  t.equal(between(got, keptPort, server.port).length, 4);
});
