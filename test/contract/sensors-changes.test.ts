import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { type SensorName, type SensorOptions, sensorNames } from '../../agent/sensors/options.ts';
import { createSensors } from '../../agent/sensors/registry.ts';
import type { Sensor } from '../../agent/sensors/sensor.ts';
import { Collected } from '../agent/sensors/collected.ts';
import { FixtureHost } from '../agent/sensors/fixture-host.ts';
import { utmpRecord } from '../agent/sensors/utmp-record.ts';

/** A change on the host is seen by each sensor through each provider. */

const onLinux = process.platform === 'linux';
const providers = onLinux ? (['linux', 'portable'] as const) : (['portable'] as const);
const intervalMs = Object.fromEntries(sensorNames.map((name) => [name, 50]));

function one(name: SensorName, options: SensorOptions): Sensor {
  const sensor = createSensors({ intervalMs, journal: false, ...options }).find(
    (each) => each.describe().name === name,
  );
  if (sensor === undefined) throw new Error(`no sensor ${name}`);
  return sensor;
}

async function watch(t: Test, name: SensorName, options: SensorOptions): Promise<Collected> {
  const sensor = one(name, options);
  const got = new Collected();
  const state = await sensor.start(got.emit);
  t.equal(state.status, 'running', JSON.stringify(state));
  t.teardown(async () => {
    await sensor.stop();
    if (got.faults.length > 0) throw new Error(got.faults.join());
  });
  return got;
}

/** Puts a script before all tools of the same name, for the length of a test. */
function fakeTool(t: Test, host: FixtureHost, name: string): (script: string) => void {
  const folder = host.path('bin');
  const path = process.env['PATH'];
  process.env['PATH'] = `${folder}:${path}`;
  t.teardown(() => {
    process.env['PATH'] = path;
  });
  mkdirSync(folder, { recursive: true });
  return (script) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  };
}

for (const provider of providers) {
  t.test(`${provider} process: a child begins and ends`, async (t) => {
    const got = await watch(t, 'process', { provider });
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 30000)', 'vedette mark']);
    const started = await got.until('process.start', (event) => event['process.pid'] === child.pid);
    t.not(started['event.baseline'], true);
    const told = await got.until(
      'process.start',
      (event) =>
        event['process.pid'] === child.pid &&
        event['process.command_line']?.includes('vedette mark') === true,
    );
    t.equal(told['process.executable'], process.execPath);
    t.equal(told['process.parent.pid'], process.pid);
    t.ok(told['process.parent.entity_id']);
    t.ok(Math.abs(told['process.start'] / 1000 - Date.now()) < 60_000, 'start is about now');
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
    const ended = await got.until('process.end', (event) => event['process.pid'] === child.pid);
    t.equal(ended['process.entity_id'], told['process.entity_id']);
  });

  t.test(`${provider} network: listening, connected, accepted and closed on loopback`, async (t) => {
    const got = await watch(t, 'network', { provider });
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = connect(port, '127.0.0.1');
    const [accepted] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
    const listening = await got.until(
      'network.connection',
      (event) => event['event.action'] === 'listening' && event['source.port'] === port,
    );
    t.equal(listening['source.ip'], '127.0.0.1');
    t.equal(listening['destination.ip'], undefined);
    const connected = await got.until(
      'network.connection',
      (event) => event['event.action'] === 'connected' && event['destination.port'] === port,
    );
    t.match(connected, {
      'network.initiated': true,
      'source.ip': '127.0.0.1',
      'source.port': client.localPort,
      'process.pid': process.pid,
    });
    const taken = await got.until(
      'network.connection',
      (event) => event['event.action'] === 'accepted' && event['destination.port'] === port,
    );
    t.match(taken, { 'network.initiated': false, 'source.port': client.localPort });
    client.destroy();
    for (const socket of accepted) socket.destroy();
    server.close();
    for (const { 'network.connection_id': id } of [listening, connected, taken]) {
      await got.until(
        'network.connection',
        (event) => event['event.action'] === 'closed' && event['network.connection_id'] === id,
      );
    }
  });

  t.test(`${provider} health: values are sane`, async (t) => {
    const sensor = createSensors({
      provider,
      intervalMs,
      agentFacts: () => ({ outboxEvents: 3, outboxSizeBytes: 4, sensors: ['dns=kernel'] }),
    }).find((each) => each.describe().name === 'health');
    const got = new Collected();
    await sensor?.start(got.emit);
    const event = await got.until(
      'host.health',
      (health) => health['event.baseline'] !== true && health['host.cpu.usage'] !== undefined,
    );
    await sensor?.stop();
    t.same(got.faults, []);
    const within = (value: number | undefined, low: number, high: number, name: string) =>
      t.ok(value !== undefined && value >= low && value <= high, `${name} ${value}`);
    within(event['host.cpu.usage'], 0, 1, 'cpu');
    within(event['host.cpu.count'], 1, 4096, 'processors');
    within(event['host.memory.total'], 2 ** 25, 2 ** 50, 'memory');
    within(event['host.memory.available'], 1, event['host.memory.total'] ?? 0, 'available');
    within(event['host.disk.free'], 0, event['host.disk.total'] ?? 0, 'disk');
    within(event['host.uptime'], 1, 1e9, 'uptime');
    within(event['host.processes'], 2, 1e6, 'processes');
    within(event['agent.cpu.usage'], 0, 64, 'agent cpu');
    within(event['agent.memory.rss'], 2 ** 23, 2 ** 40, 'agent memory');
    t.equal(event['agent.outbox.events'], 3);
    t.equal(event['agent.outbox.size'], 4);
    t.same(event['agent.sensors']?.slice(-2), ['health=sampled', 'dns=kernel']);
    t.equal(event['agent.sensors']?.[0], 'process=stopped');
  });
}

t.test('linux only', { skip: !onLinux }, async (t) => {
  t.test('process: another program on the same pid is another start of the same process', async (t) => {
    const got = await watch(t, 'process', { provider: 'linux' });
    const child = spawn('/bin/sh', ['-c', 'read line; exec sleep 30'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const shell = await got.until(
      'process.start',
      (event) =>
        event['process.pid'] === child.pid && event['process.command_line']?.includes('exec') === true,
    );
    child.stdin?.write('\n');
    const sleeper = await got.until(
      'process.start',
      (event) => event['process.pid'] === child.pid && event['process.command_line'] === 'sleep 30',
    );
    t.equal(sleeper['process.entity_id'], shell['process.entity_id']);
    t.equal(sleeper['process.name'], 'sleep');
    child.kill('SIGKILL');
    await got.until('process.end', (event) => event['process.pid'] === child.pid);
  });

  t.test('device: a USB disk comes and goes, and a process holds a camera', async (t) => {
    const host = new FixtureHost();
    t.teardown(() => host.end());
    host.process(1, 'init', 0);
    host.process(77, 'spy');
    host.write('sys/class/block/vda/size', '1\n');
    const got = await watch(t, 'device', host.options);
    t.match(got.of('device.change'), [{ 'event.baseline': true, 'device.name': '/dev/vda' }]);

    const usb = 'sys/devices/usb1/1-2';
    const facts = {
      idVendor: '0951',
      idProduct: '1666',
      product: 'DataTraveler',
      serial: 'E0D5',
      devnum: '7',
    };
    for (const [name, value] of Object.entries(facts)) host.write(`${usb}/${name}`, `${value}\n`);
    host.write(`${usb}/manufacturer`, 'Kingston\n');
    host.link('sys/bus/usb/devices/1-2', '../../../devices/usb1/1-2');
    const attached = await got.until('device.change', (event) => event['device.kind'] === 'usb');
    t.match(attached, {
      'event.action': 'attached',
      'device.id': '/devices/usb1/1-2',
      'device.vendor_id': '0951',
      'device.product_id': '1666',
      'device.manufacturer': 'Kingston',
      'device.model.name': 'DataTraveler',
      'device.serial_number': 'E0D5',
    });
    host.remove('sys/bus/usb/devices/1-2');
    await got.until('device.change', (event) => event['event.action'] === 'detached');

    host.link('proc/77/fd/5', '/dev/video0');
    host.link('proc/77/fd/6', '/dev/null');
    const opened = await got.until('device.access', (event) => event['event.action'] === 'opened');
    t.match(opened, {
      'device.kind': 'camera',
      'device.name': '/dev/video0',
      'process.pid': 77,
      'process.name': 'spy',
      'process.command_line': '/bin/spy --flag',
      'user.id': '1000',
    });
    host.remove('proc/77/fd/5');
    const released = await got.until('device.access', (event) => event['event.action'] === 'released');
    t.equal(released['process.entity_id'], opened['process.entity_id']);
    t.equal(got.of('device.access').length, 2);
  });

  t.test('package: dpkg installs, upgrades, downgrades and removes', async (t) => {
    const host = new FixtureHost();
    t.teardown(() => host.end());
    const stanza = (name: string, version: string, status = 'install ok installed') =>
      `Package: ${name}\nStatus: ${status}\nInstalled-Size: 12\nMaintainer: A <a@b>\nArchitecture: amd64\nVersion: ${version}\nDescription: x\n more\n .\n text\n\n`;
    const list = 'var/lib/apt/lists/deb.example.org_debian_dists_stable_main_binary-amd64_Packages';
    host.write(list, 'Package: alpha\nVersion: 1.0-1\n\nPackage: beta\nVersion: 9\n');
    host.write('var/lib/dpkg/info/alpha.list', '/.\n');
    const write = (...stanzas: string[]) => host.write('var/lib/dpkg/status', stanzas.join(''));
    write(stanza('alpha', '1.0-1'), stanza('beta', '2'), stanza('gone', '1', 'deinstall ok config-files'));
    const got = await watch(t, 'package', host.options);
    t.match(got.of('package.state'), [
      {
        'package.name': 'alpha',
        'package.version': '1.0-1',
        'package.type': 'deb',
        'package.size': 12 * 1024,
        'package.origin': 'deb.example.org/debian stable/main',
        'package.installed': Number,
      },
      { 'package.name': 'beta', 'package.origin': 'unknown' },
    ]);
    t.equal(got.of('package.state').length, 2);
    const next = async (action: string) =>
      got.until('package.change', (event) => event['event.action'] === action);
    write(stanza('alpha', '1.0-2'), stanza('beta', '2'), stanza('gamma', '1'));
    t.match(await next('upgraded'), { 'package.name': 'alpha', 'package.previous_version': '1.0-1' });
    t.match(await next('installed'), { 'package.name': 'gamma', 'package.origin': 'unknown' });
    write(stanza('alpha', '1.0~rc1-1'), stanza('gamma', '1'));
    t.match(await next('downgraded'), { 'package.name': 'alpha', 'package.previous_version': '1.0-2' });
    t.match(await next('removed'), { 'package.name': 'beta', 'package.version': '2' });
    t.equal(got.of('package.change').length, 4);
  });

  t.test('package: apk, and rpm through its tool', async (t) => {
    const host = new FixtureHost();
    t.teardown(() => host.end());
    host.write(
      'lib/apk/db/installed',
      'C:Q1\nP:musl\nV:1.2.5-r0\nA:x86_64\nI:640000\nm:T <t@x>\n\nP:busybox\nV:1\n',
    );
    host.write('var/lib/rpm/rpmdb.sqlite', 'x');
    const rpm = fakeTool(t, host, 'rpm');
    rpm(
      "printf 'bash\\t(none)\\t5.2-1\\tx86_64\\t100\\tFedora\\t1700000000\\ngpg-pubkey\\t0\\t1-1\\t(none)\\t0\\t(none)\\t1\\n'",
    );
    const got = await watch(t, 'package', host.options);
    t.match(
      got
        .of('package.state')
        .map((event) => [event['package.type'], event['package.name'], event['package.version']]),
      [
        ['apk', 'musl', '1.2.5-r0'],
        ['apk', 'busybox', '1'],
        ['rpm', 'bash', '5.2-1'],
      ],
    );
    t.equal(got.of('package.state')[2]?.['package.installed'], 1_700_000_000_000_000);
    rpm('exit 1');
    host.append('var/lib/rpm/rpmdb.sqlite', 'y');
    await sleep(150);
    t.same(got.of('package.change'), [], 'a tool that fails removes nothing');
  });

  t.test('package: portable sees a change of what dpkg-query prints', async (t) => {
    const host = new FixtureHost();
    t.teardown(() => host.end());
    const query = fakeTool(t, host, 'dpkg-query');
    query("printf 'alpha\\t1\\tamd64\\t3\\tA\\tinstalled\\n'");
    const got = await watch(t, 'package', { provider: 'portable' });
    query("printf 'alpha\\t2\\tamd64\\t3\\tA\\tinstalled\\n'");
    const changed = await got.until('package.change', (event) => event['package.name'] === 'alpha');
    t.match(changed, { 'event.action': 'upgraded', 'package.version': '2', 'package.size': 3072 });
  });

  t.test('login: utmp at the first look, then wtmp and btmp as they grow', async (t) => {
    const host = new FixtureHost();
    t.teardown(() => host.end());
    const alice = { type: 7, pid: 5, line: 'pts/0', user: 'alice', host: '10.0.0.9', address: [10, 0, 0, 9] };
    host.write('run/utmp', Buffer.concat([utmpRecord({ type: 2, user: 'reboot' }), utmpRecord(alice)]));
    host.write('var/log/wtmp', utmpRecord({ type: 7, user: 'history', line: 'tty9' }));
    host.write('var/log/btmp', utmpRecord({ type: 6, user: 'history' }));
    const got = await watch(t, 'login', host.options);
    t.match(got.events, [
      { 'event.baseline': true, 'event.action': 'login', 'user.name': 'alice', 'log.source': 'utmp' },
    ]);
    t.equal(got.events.length, 1, 'history is not replayed');
    const bob = utmpRecord({
      type: 7,
      pid: 9,
      line: 'pts/1',
      user: 'bob',
      address: [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    });
    host.append('var/log/wtmp', bob.subarray(0, 200));
    await sleep(100);
    t.equal(got.events.length, 1, 'half a record is left alone');
    host.append('var/log/wtmp', bob.subarray(200));
    const login = await got.until('login', (event) => event['user.name'] === 'bob');
    t.match(login, { 'source.ip': '2001:db8::1', 'process.tty': 'pts/1', time: 1_700_000_000_123_456 });
    host.append('var/log/wtmp', utmpRecord({ type: 8, pid: 5, line: 'pts/0' }));
    t.match(await got.until('login', (event) => event['event.action'] === 'logout'), {
      'user.name': 'alice',
    });
    host.append(
      'var/log/btmp',
      utmpRecord({ type: 6, user: 'root', line: 'ssh:notty', host: 'evil.example' }),
    );
    t.match(await got.until('login', (event) => event['event.outcome'] === 'failure'), {
      'event.action': 'failed',
      'user.name': 'root',
      'source.domain': 'evil.example',
      'log.source': 'btmp',
    });
  });

  t.test('login: the authentication log is followed and silences btmp', async (t) => {
    const host = new FixtureHost();
    t.teardown(() => host.end());
    host.write(
      'var/log/auth.log',
      'Nov 20 10:00:00 h sshd[1]: Failed password for old from 1.1.1.1 port 1 ssh2\n',
    );
    host.write('var/log/btmp', '');
    const got = await watch(t, 'login', host.options);
    host.append('var/log/btmp', utmpRecord({ type: 6, user: 'root' }));
    host.append('var/log/auth.log', 'Nov 20 10:00:01 h sshd[2]: Failed password for root from 2.2.2.2 po');
    await sleep(100);
    t.same(got.events, [], 'an unfinished line is left alone');
    host.append('var/log/auth.log', 'rt 4 ssh2\n');
    const failed = await got.until('login', () => true);
    t.match(failed, { 'event.action': 'failed', 'source.ip': '2.2.2.2', 'log.source': 'auth-log' });
    host.remove('var/log/auth.log');
    host.write(
      'var/log/auth.log',
      '2026-11-20T10:00:02.5+00:00 h sudo:    al : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/id\n',
    );
    t.match(await got.until('login', (event) => event['event.action'] === 'sudo'), {
      time: Date.parse('2026-11-20T10:00:02.5Z') * 1000,
      'user.name': 'al',
      'user.effective.name': 'root',
      'process.command_line': '/bin/id',
    });
    t.equal(got.events.length, 2);
  });

  t.test(
    'login: the journal is followed where there is no log, and its reader ends with the sensor',
    async (t) => {
      const host = new FixtureHost();
      t.teardown(() => host.end());
      host.write('run/systemd/journal/socket', '');
      host.write('var/log/journal/machine/system.journal', '');
      const journalctl = fakeTool(t, host, 'journalctl');
      const entry = {
        __REALTIME_TIMESTAMP: '1700000000000001',
        MESSAGE: 'Accepted password for al from 10.1.1.1 port 4 ssh2',
        _EXE: '/usr/sbin/sshd',
        _PID: '77',
      };
      journalctl(`echo $$ > ${host.path('pid')}; echo '{'; echo '${JSON.stringify(entry)}'; exec sleep 60`);
      const sensor = one('login', { ...host.options, journal: true });
      const got = new Collected();
      await sensor.start(got.emit);
      const event = await got.until('login', () => true);
      t.match(event, { time: 1_700_000_000_000_001, 'log.source': 'journal', 'source.ip': '10.1.1.1' });
      const state = sensor.state();
      t.match(state.status === 'running' ? state.note : '', /journal/);
      const pid = Number(readFileSync(host.path('pid'), 'utf8'));
      t.doesNotThrow(() => process.kill(pid, 0));
      await sensor.stop();
      t.throws(() => process.kill(pid, 0));
      t.same(got.faults, []);
    },
  );

  t.test('account: users, groups and privileges change', async (t) => {
    const host = new FixtureHost();
    t.teardown(() => host.end());
    host.write('etc/passwd', 'root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n');
    host.write('etc/group', 'root:x:0:\nsudo:x:27:\nann:x:1000:\n');
    host.write('etc/shadow', 'root:*:19000::::::\nann:$6$secret:19000::::::\n');
    const got = await watch(t, 'account', host.options);
    t.same(got.events, [], 'who is there is not told');
    host.write('etc/group', 'root:x:0:\nsudo:x:27:ann\nann:x:1000:\n');
    t.match(await got.until('account.change', (event) => event['event.action'] === 'group-member-added'), {
      'group.name': 'sudo',
      'user.name': 'ann',
      'user.privileged': true,
    });
    host.write(
      'etc/passwd',
      'root:x:0:0::/root:/bin/sh\nann:x:0:1000::/home/ann:/bin/sh\neve:x:1001:1001::/:/bin/sh\n',
    );
    t.match(await got.until('account.change', (event) => event['event.action'] === 'user-added'), {
      'user.name': 'eve',
      'user.privileged': false,
    });
    t.match(await got.until('account.change', (event) => event['event.action'] === 'user-changed'), {
      'user.changes': ['id: 1000 -> 0'],
    });
    host.write('etc/shadow', 'root:*:19000::::::\nann:!$6$secret:19001::::::\n');
    const locked = await got.until(
      'account.change',
      (event) => event['user.changes']?.[0] === 'locked: false -> true',
    );
    t.notMatch(JSON.stringify(locked), /secret/);
    host.write('etc/passwd', 'root:x:0:0::/root:/bin/sh\n');
    await got.until(
      'account.change',
      (event) => event['event.action'] === 'user-removed' && event['user.name'] === 'eve',
    );
  });

  t.test('account: portable sees a change of what getent prints', async (t) => {
    const host = new FixtureHost();
    t.teardown(() => host.end());
    const getent = fakeTool(t, host, 'getent');
    getent("[ $1 = passwd ] && echo 'a:x:1:1::/:/bin/sh' || echo 'g:x:1:'");
    const got = await watch(t, 'account', { provider: 'portable' });
    getent("[ $1 = passwd ] && echo 'a:x:1:1::/:/bin/zsh' || echo 'g:x:1:'");
    const changed = await got.until('account.change', (event) => event['user.name'] === 'a');
    t.same(changed['user.changes'], ['shell: /bin/sh -> /bin/zsh']);
  });
});
