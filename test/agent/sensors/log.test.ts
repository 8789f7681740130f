import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { SensorOptions } from '../../../agent/sensors/options.ts';
import { createSensors } from '../../../agent/sensors/registry.ts';
import type { Sensor } from '../../../agent/sensors/sensor.ts';
import { Collected } from './collected.ts';
import { FixtureHost } from './fixture-host.ts';

function hostOf(t: Test): FixtureHost {
  const host = new FixtureHost();
  t.teardown(() => host.end());
  return host;
}

/** The log and the login sensor of one registry, as they run together. */
async function run(options: SensorOptions) {
  const sensors = createSensors({ journal: false, ...options }).filter((each) =>
    ['log', 'login'].includes(each.describe().name),
  );
  const got = new Collected();
  await Promise.all(sensors.map((sensor) => sensor.start(got.emit)));
  const [login, log] = sensors as [Sensor, Sensor];
  return {
    got,
    log,
    login,
    messages: () => got.of('log.line').map((event) => event.message),
    async stop() {
      await Promise.all(sensors.map((sensor) => sensor.stop()));
      if (got.faults.length > 0) throw new Error(got.faults.join());
    },
  };
}

const knock = (n: number) =>
  `2026-11-20T10:00:00.25+00:00 h sshd[${n}]: Failed password for root from 2.2.2.2 port 4 ssh2`;

t.test('linux', { skip: process.platform !== 'linux' }, async (t) => {
  t.test('a line is told to both sensors, with what it says of itself', async (t) => {
    const host = hostOf(t);
    host.write('var/log/auth.log', 'old\n');
    host.write('var/log/syslog', 'old\n');
    host.write('var/log/cron.log', 'old\n');
    host.write('nginx/access.log', '');
    const { got, log, stop, messages } = await run({
      ...host.options,
      logFiles: [`nginx=${host.path('nginx')}/*.log`],
    });
    const state = log.state();
    t.match(state, { status: 'running', mode: 'followed', note: /auth, syslog, nginx/ });
    host.append('var/log/auth.log', `${knock(7)}\n`);
    host.append('var/log/cron.log', 'the same as in syslog\n');
    host.append('var/log/syslog', '<78>Nov 20 10:00:01 h CRON[9]: (root) CMD (x)\n');
    t.match(await got.until('login', (event) => event['event.action'] === 'cron'), {
      'user.name': 'root',
      'process.command_line': 'x',
    });
    host.append('nginx/access.log', '1.2.3.4 - - "GET /"\n');
    const failed = await got.until('login', (event) => event['event.action'] !== 'cron');
    t.match(failed, { 'event.action': 'failed', 'source.ip': '2.2.2.2', 'process.pid': 7 });
    const line = await got.until('log.line', (event) => event['process.pid'] === 7);
    t.match(line, {
      time: Date.parse('2026-11-20T10:00:00.25Z') * 1000,
      message: 'Failed password for root from 2.2.2.2 port 4 ssh2',
      'log.source': 'auth',
      'log.service': ['auth', 'sshd', 'syslog'],
      'log.file.path': host.path('var/log/auth.log'),
      'log.offset': 4,
      'log.syslog.appname': 'sshd',
      'log.syslog.hostname': 'h',
    });
    t.match(await got.until('log.line', (event) => event['process.pid'] === 9), {
      'log.service': ['syslog', 'cron'],
      'log.syslog.facility.name': 'cron',
      'log.syslog.severity.name': 'info',
    });
    const request = await got.until('log.line', (event) => event['log.source'] === 'nginx');
    t.match(request, { 'log.service': ['nginx'], message: '1.2.3.4 - - "GET /"' });
    host.write('nginx/access.log.1', 'rotated away\n');
    await sleep(300);
    t.equal(messages().length, 3, 'cron.log holds what syslog holds, and rotated files are no new ones');
    await stop();
  });

  t.test('hostile lines: long, of no encoding, with escapes; neighbours come whole', async (t) => {
    const host = hostOf(t);
    host.write('var/log/syslog', '');
    const { got, stop } = await run(host.options);
    host.append('var/log/syslog', `before\n${'x'.repeat(2 * 1024 * 1024)}\nafter\n`);
    host.append('var/log/syslog', Buffer.from('bad \xff\xfe \u001b[31mred\u001b[0m \0 nul\n', 'latin1'));
    host.append('var/log/syslog', `x${'é'.repeat(5000)}\nlast\n`);
    await got.until('log.line', (event) => event.message === 'last');
    const [before, long, after, bad, split, last] = got.of('log.line');
    t.equal(before?.message, 'before');
    t.equal(long?.message.length, 8192);
    t.same(long?.['event.truncated'], ['message']);
    t.equal(after?.message, 'after');
    t.equal(after?.['event.truncated'], undefined);
    t.ok(bad?.message.startsWith('bad \ufffd\ufffd \u001b[31mred'));
    t.match(split?.message, /^xé{4000,}$/, 'cut between characters');
    t.equal(last?.message, 'last');
    await stop();
  });

  t.test('what was written while the agent was away is told once, through rotation', async (t) => {
    const host = hostOf(t);
    const options = { ...host.options, stateFolder: host.path('state') };
    host.write('var/log/auth.log', `${knock(1)}\n`);
    const first = await run(options);
    host.append('var/log/auth.log', `${knock(2)}\n`);
    await first.got.until('log.line', (event) => event['process.pid'] === 2);
    await first.stop();
    host.append('var/log/auth.log', `${knock(3)}\n`);
    renameSync(host.path('var/log/auth.log'), host.path('var/log/auth.log.1'));
    host.write('var/log/auth.log', `${knock(4)}\n`);
    const second = await run(options);
    await second.got.until('log.line', (event) => event['process.pid'] === 4);
    t.same(
      second.got.of('log.line').map((event) => event['process.pid']),
      [3, 4],
    );
    t.same(
      second.got.of('login').map((event) => event['process.pid']),
      [3, 4],
      'both sensors get what waited',
    );
    await second.stop();
    for (const text of ['{', '[]', '{"file:x":7}', 'null', '{"__proto__":{}}']) {
      host.write('state/positions.json', text);
      const third = await run(options);
      host.append('var/log/auth.log', `${knock(5)}\n`);
      await third.got.until('log.line', (event) => event['process.pid'] === 5);
      t.equal(third.got.of('log.line').length, 1, 'a spoilt file is as none');
      await third.stop();
    }
  });

  t.test('lines beyond the rate wait in the file', async (t) => {
    const host = hostOf(t);
    host.write('var/log/syslog', '');
    const { got, log, stop, messages } = await run({ ...host.options, logLinesPerSecond: 100 });
    const lines = Array.from({ length: 400 }, (_, i) => `line ${i}`);
    const startMs = Date.now();
    host.append('var/log/syslog', `${lines.join('\n')}\n`);
    await got.until('log.line', (event) => event.message === 'line 399');
    t.ok(Date.now() - startMs >= 1500, 'no faster than the rate allows');
    t.same(messages(), lines);
    t.same(got.of('loss'), []);
    t.equal(log.state().status, 'running');
    await stop();
  });

  t.test('what is too far behind is lost, and said to be', async (t) => {
    const host = hostOf(t);
    host.write('var/log/syslog', '');
    const { got, stop } = await run({ ...host.options, logLinesPerSecond: 1 });
    const count = 70_000;
    host.append('var/log/syslog', `${'y'.repeat(1023)}\n`.repeat(count));
    const lost = await got.until('loss', () => true);
    t.match(lost, { 'loss.sensor': 'log', 'loss.reason': 'sensor-overrun' });
    t.ok(lost['loss.count'] > 4000 && lost['loss.count'] < count);
    t.same(lost['loss.types'], [`log.line=${lost['loss.count']}`]);
    await stop();
  });

  t.test('journal: one journalctl for both, taken up by its cursor, started again', async (t) => {
    const host = hostOf(t);
    host.write('run/systemd/journal/socket', '');
    host.write('var/log/journal/machine/system.journal', '');
    host.write('var/log/auth.log', '');
    const folder = host.path('bin');
    mkdirSync(folder);
    const path = process.env['PATH'];
    process.env['PATH'] = `${folder}:${path}`;
    t.teardown(() => {
      process.env['PATH'] = path;
    });
    const entry = (n: number, more: object = {}) =>
      JSON.stringify({
        __CURSOR: `s=a;i=${n}`,
        __REALTIME_TIMESTAMP: `${1_700_000_000_000_000 + n}`,
        MESSAGE: `Accepted password for al from 10.1.1.${n} port 4 ssh2`,
        SYSLOG_IDENTIFIER: 'sshd',
        SYSLOG_FACILITY: '10',
        PRIORITY: '6',
        _EXE: '/usr/sbin/sshd',
        _PID: `${n}`,
        _UID: '0',
        _SYSTEMD_UNIT: 'ssh.service',
        ...more,
      });
    const script = [
      '#!/bin/sh',
      `echo "$@" >> ${host.path('calls')}`,
      `cat ${host.path('out')}`,
      `[ -e ${host.path('die')} ] && exit 1`,
      'exec sleep 60',
    ];
    writeFileSync(join(folder, 'journalctl'), script.join('\n'));
    chmodSync(join(folder, 'journalctl'), 0o755);
    const binary = [...Buffer.from('odd \xff\n bytes', 'latin1')];
    host.write(
      'out',
      [
        entry(1),
        'no json',
        entry(2, { MESSAGE: binary }),
        entry(3, { MESSAGE: 'z'.repeat(900_000) }),
        entry(4, { MESSAGE: 'z'.repeat(2_000_000) }),
        entry(5, { SYSLOG_IDENTIFIER: ['cron', 'x'], _EXE: undefined }),
        '',
      ].join('\n'),
    );
    const options = { ...host.options, journal: true, stateFolder: host.path('state') };
    const first = await run(options);
    await first.got.until('log.line', (event) => event['process.pid'] === 5);
    const lost = await first.got.until('loss', () => true);
    t.equal(lost['loss.count'], 1, 'the entry that is too long');
    const lines = first.got.of('log.line');
    t.match(lines[0], {
      'log.source': 'journal',
      'log.service': ['journal', 'sshd', 'auth', 'syslog'],
      'log.cursor': 's=a;i=1',
      'process.executable': '/usr/sbin/sshd',
      'systemd.unit': 'ssh.service',
      'user.id': '0',
    });
    t.equal(lines[1]?.message, 'odd \ufffd\n bytes');
    t.equal(lines[2]?.message.length, 8192);
    t.same(lines[2]?.['event.truncated'], ['message']);
    t.match(lines[3], { 'log.syslog.appname': 'cron', 'log.service': ['journal', 'cron', 'auth', 'syslog'] });
    t.equal(first.got.of('login').length, 1);
    host.append('var/log/auth.log', `${knock(9)}\n`);
    await sleep(300);
    t.equal(first.got.of('log.line').length, 4, 'nothing is told through journal and file');
    await first.stop();
    const calls = () => readFileSync(host.path('calls'), 'utf8').trim().split('\n');
    t.equal(calls().length, 1);
    t.match(calls()[0], /--lines=0/);

    host.write('out', `${entry(6)}\n`);
    host.write('die', '');
    const second = await run(options);
    await second.got.until('log.line', (event) => event['process.pid'] === 6);
    t.match(calls()[1], /--after-cursor=s=a;i=5/);
    host.write('out', `${entry(7)}\n`);
    await second.got.until('log.line', (event) => event['process.pid'] === 7);
    t.match(calls().at(-1), /--after-cursor=s=a;i=6/);
    await second.stop();
  });

  const remote = '/lib/systemd/systemd-journal-remote';
  const skip = existsSync(remote) ? false : 'systemd-journal-remote is not installed';
  t.test('journal: a real one, through the real journalctl', { skip }, async (t) => {
    const host = hostOf(t);
    const boot = '0123456789abcdef0123456789abcdef';
    const file = host.path(`var/log/journal/${boot}/remote.journal`);
    host.write('run/systemd/journal/socket', '');
    mkdirSync(dirname(file), { recursive: true });
    let n = 0;
    const write = (message: Buffer) => {
      const fields = `__REALTIME_TIMESTAMP=${1_700_000_000_000_000 + ++n}\n_BOOT_ID=${boot}\n_PID=${n}\nSYSLOG_IDENTIFIER=sshd\n`;
      const size = Buffer.alloc(8);
      size.writeBigUInt64LE(BigInt(message.length));
      // The export format of systemd: values of any bytes have their length before them.
      const entry = [Buffer.from(`${fields}MESSAGE\n`), size, message, Buffer.from('\n\n')];
      const args = [`--output=${file}`, '--split-mode=none', '-'];
      const { status, stderr } = spawnSync(remote, args, { input: Buffer.concat(entry) });
      if (status !== 0) throw new Error(`${stderr}`);
    };
    write(Buffer.from('before'));
    const options = { ...host.options, journal: true, stateFolder: host.path('state') };
    const first = await run(options);
    while (!JSON.stringify(first.log.state()).includes('journal')) await sleep(50);
    await sleep(1000);
    write(Buffer.from('Accepted publickey for al from 10.0.0.1 port 5 ssh2: ED25519 SHA256:abc'));
    await first.got.until('login', (event) => event['user.name'] === 'al');
    write(Buffer.from('two\nlines and \xff', 'latin1'));
    write(Buffer.alloc(500_000, 'x'));
    await first.got.until('log.line', (event) => event.message.length === 8192);
    t.same(
      first.messages().map((message) => message.slice(0, 20)),
      ['Accepted publickey f', 'two\nlines and \ufffd', 'x'.repeat(20)],
    );
    await first.stop();
    write(Buffer.from('while away'));
    const second = await run(options);
    await second.got.until('log.line', (event) => event.message === 'while away');
    t.equal(second.messages().length, 1);
    await second.stop();
    const stored = JSON.parse(readFileSync(host.path('state/positions.json'), 'utf8'));
    host.write('state/positions.json', JSON.stringify({ ...stored, journal: 's=nonsense' }));
    const third = await run(options);
    while (!JSON.stringify(third.log.state()).includes('could not be found again')) await sleep(50);
    const seen = () => third.messages().includes('probe');
    for (let i = 0; i < 200 && !seen(); i++) {
      write(Buffer.from('probe'));
      await sleep(100);
    }
    t.ok(seen(), 'without its cursor it goes on from now');
    await third.stop();
  });

  t.test('journal: where journalctl does not work, the files are read', async (t) => {
    const host = hostOf(t);
    host.write('run/systemd/journal/socket', '');
    host.write('var/log/journal/machine/system.journal', '');
    host.write('var/log/auth.log', '');
    const path = process.env['PATH'];
    process.env['PATH'] = host.path('nowhere');
    t.teardown(() => {
      process.env['PATH'] = path;
    });
    const { got, log, stop } = await run({ ...host.options, journal: true });
    while (!JSON.stringify(log.state()).includes('auth')) await sleep(50);
    host.append('var/log/auth.log', `${knock(3)}\n`);
    t.match(await got.until('login', () => true), { 'log.source': 'auth-log' });
    await stop();
  });
});
