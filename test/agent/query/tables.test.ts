/** Each table against what is really there: this host's processes, sockets and files, and files made for the test. */
import { spawn } from 'node:child_process';
import { createHash, hash } from 'node:crypto';
import { chmodSync, mkdirSync, openSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import os from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { tableNames, tableSpecs } from '#shared/tables/registry.ts';
import type { TableSpec } from '#shared/tables/spec.ts';
import { parseRules } from '../../../agent/query/readers/iptables.linux.ts';
import { tableReaders } from '../../../agent/query/readers.ts';
import type { AgentStatus } from '../../../agent/status.ts';
import { tempFolder } from '../../temp.ts';
import { utmpRecord } from '../sensors/utmp-record.ts';
import { answer, folderWith, onFolder, thisHost } from './query-host.ts';

const skip = process.platform !== 'linux';
const rowsOf = async (sql: string, host = thisHost) => (await answer(sql, host)).rows;
const on = (t: Test, files: Readonly<Record<string, string | Uint8Array>>) => onFolder(folderWith(t, files));

t.test('every table can be read on this host, and gives what it declares', { skip }, async (t) => {
  for (const name of tableNames) {
    const spec: TableSpec = tableSpecs[name];
    const read = await tableReaders[name]?.();
    if (read === undefined) continue;
    let rows = 0;
    for (const row of await read(thisHost)) {
      if (++rows > 500) break;
      for (const [column, value] of Object.entries(row)) {
        const type = spec.columns[column]?.[0];
        if (value === undefined) continue;
        const isRight = type === 'text' ? typeof value === 'string' : Number.isFinite(value);
        if (!isRight) t.fail(`${name}.${column} is ${typeof value} ${value}, not ${type}`);
      }
    }
    await t.resolves(answer(`SELECT * FROM ${name} LIMIT 3`), `${name}: ${rows} rows`);
  }
});

t.test('an empty host has empty tables', { skip }, async (t) => {
  const nowhere = onFolder(tempFolder(t));
  const host = { ...nowhere, procRoot: join(nowhere.fsRoot, 'proc'), sysRoot: join(nowhere.fsRoot, 'sys') };
  for (const name of tableNames) {
    if (tableReaders[name] !== undefined) await t.resolves(answer(`SELECT * FROM ${name}`, host), name);
  }
});

t.test('processes: this one, as the system has it', { skip }, async (t) => {
  const child = spawn('/bin/sleep', ['1000'], { cwd: '/', env: { MARK: 'of the test' } });
  t.teardown(() => child.kill());
  const folder = tempFolder(t);
  const path = join(folder, 'held');
  openSync(path, 'w');
  const [self] = await rowsOf(`SELECT * FROM processes WHERE pid = ${process.pid}`);
  t.match(self, {
    path: realpathSync(process.execPath),
    cwd: process.cwd(),
    root: '/',
    uid: process.getuid?.(),
    egid: process.getegid?.(),
    parent: process.ppid,
    on_disk: 1,
    nice: os.getPriority(),
  });
  t.ok(Math.abs(Number(self?.['start_time']) - (Date.now() / 1000 - process.uptime())) < 5);
  t.ok(Math.abs(Number(self?.['resident_size']) - process.memoryUsage.rss()) < 64e6);
  t.ok(Number(self?.['user_time']) <= process.cpuUsage().user / 1000 + 20);
  const rows = await rowsOf(
    `SELECT c.cmdline, p.pid AS parent, e.value FROM processes c JOIN processes p ON c.parent = p.pid
     JOIN process_envs e ON e.pid = c.pid AND e.key = 'MARK' WHERE c.pid = ${child.pid}`,
  );
  t.same(rows, [{ cmdline: '/bin/sleep 1000', parent: process.pid, value: 'of the test' }]);
  const held = await rowsOf(
    `SELECT path FROM process_open_files WHERE pid = ${process.pid} AND path = '${path}'`,
  );
  t.same(held, [{ path }]);
  const maps = await rowsOf(
    `SELECT DISTINCT path FROM process_memory_map WHERE pid = ${process.pid} AND pseudo = 0`,
  );
  t.ok(maps.some((row) => row['path'] === realpathSync(process.execPath)));
  const spaces = await rowsOf(
    `SELECT count(DISTINCT net_namespace) AS n FROM process_namespaces WHERE pid IN (${process.pid}, ${child.pid})`,
  );
  t.same(spaces, [{ n: 1 }]);
});

t.test('sockets: a listener and a connection of this process', { skip }, async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const listeners = await rowsOf(
    `SELECT p.pid, l.address, l.protocol, l.family FROM listening_ports l JOIN processes p USING (pid) WHERE l.port = ${port}`,
  );
  t.same(listeners, [{ pid: process.pid, address: '127.0.0.1', protocol: 6, family: 2 }]);
  const { connect } = await import('node:net');
  const client = connect(port, '127.0.0.1');
  const accepted = await new Promise<{ destroy(): void }>((resolve) => server.once('connection', resolve));
  t.teardown(() => {
    client.destroy();
    accepted.destroy();
  });
  const open = await rowsOf(
    `SELECT pid, state, local_port FROM process_open_sockets WHERE remote_port = ${port} AND remote_address = '127.0.0.1'`,
  );
  t.same(open, [{ pid: process.pid, state: 'ESTABLISHED', local_port: client.localPort }]);
  const [seen] = await rowsOf(
    `SELECT state, family FROM sockets WHERE local_port = ${port} AND state = 'LISTEN'`,
  );
  t.same(seen, { state: 'LISTEN', family: 'inet' });
});

t.test('files: facts, hashes, lines; a pipe is not read', { skip }, async (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'a.sh');
  writeFileSync(path, 'one\ntwo\n');
  chmodSync(path, 0o4750);
  symlinkSync(path, join(folder, 'link'));
  const fifo = join(folder, 'fifo');
  await new Promise((resolve) => spawn('mkfifo', [fifo]).on('exit', resolve));
  const [row] = await rowsOf(`SELECT * FROM file WHERE path = '${path}'`);
  t.match(row, {
    directory: folder,
    filename: 'a.sh',
    mode: '4750',
    size: 8,
    type: 'regular',
    symlink: 0,
    hard_links: 1,
  });
  t.ok(Math.abs(Number(row?.['mtime']) - Date.now() / 1000) < 60);
  const types = await rowsOf(
    `SELECT filename, type, symlink_target FROM file WHERE directory = '${folder}' ORDER BY 1`,
  );
  t.same(types, [
    { filename: 'a.sh', type: 'regular', symlink_target: null },
    { filename: 'fifo', type: 'fifo', symlink_target: null },
    { filename: 'link', type: 'symlink', symlink_target: path },
  ]);
  const hashes = await rowsOf(
    `SELECT path, md5, sha1, sha256 FROM hash WHERE directory = '${folder}' ORDER BY path`,
  );
  const expected = Object.fromEntries(
    ['md5', 'sha1', 'sha256'].map((name) => [name, hash(name, 'one\ntwo\n')]),
  );
  t.same(hashes, [
    { path, ...expected },
    { path: join(folder, 'link'), ...expected },
  ]);
  t.same(await rowsOf(`SELECT line, text FROM file_lines WHERE path = '${path}'`), [
    { line: 1, text: 'one' },
    { line: 2, text: 'two' },
  ]);
  t.same(await rowsOf(`SELECT * FROM file_lines WHERE path = '${fifo}'`), []);
  mkdirSync(join(folder, 'sub/deep'), { recursive: true });
  writeFileSync(join(folder, 'sub/deep/x'), '');
  const below = await rowsOf(
    `SELECT filename FROM file WHERE path LIKE '${folder}/%%' AND type = 'regular' ORDER BY 1`,
  );
  t.same(below, [{ filename: 'a.sh' }, { filename: 'x' }]);
});

t.test('accounts, never with a hash', { skip }, async (t) => {
  const secret = '$y$j9T$abcdefgh$0123456789012345678901234567890123456789012';
  const host = on(t, {
    'etc/passwd': 'root:x:0:0:Root:/root:/bin/bash\nann:x:1001:50:Ann,,,:/home/ann:/bin/sh\nbad line\n',
    'etc/group': 'root:x:0:\nsudo:x:27:ann\nstaff:x:50:\n',
    'etc/shadow': `root:!:19000:0:99999:7:::\nann:${secret}:19500:1:90:7:14:20000:\nopen::19500::::::\n`,
    'etc/sudoers': '# comment\nann ALL=(ALL) \\\n  NOPASSWD: /bin/ls\n',
    'etc/sudoers.d/more': 'Defaults:ann !requiretty\n',
    'etc/sudoers.d/left.bak': 'bob ALL=(ALL) ALL\n',
  });
  t.same(await rowsOf('SELECT username, privileged, description FROM users ORDER BY uid', host), [
    { username: 'root', privileged: 1, description: 'Root' },
    { username: 'ann', privileged: 1, description: 'Ann,,,' },
  ]);
  t.same(await rowsOf('SELECT gid FROM user_groups WHERE uid = 1001 ORDER BY 1', host), [
    { gid: 27 },
    { gid: 50 },
  ]);
  const shadow = await answer('SELECT * FROM shadow', host);
  t.match(shadow.rows, [
    { username: 'root', password_status: 'not_set' },
    {
      username: 'ann',
      password_status: 'active',
      hash_alg: 'y',
      last_change: 19500,
      max: 90,
      expire: 20_000,
    },
    { username: 'open', password_status: 'empty' },
  ]);
  t.notMatch(JSON.stringify(shadow.rows), /abcdefgh|01234567890/);
  t.same(await rowsOf('SELECT header, rule_details FROM sudoers', host), [
    { header: 'ann', rule_details: 'ALL=(ALL) NOPASSWD: /bin/ls' },
    { header: 'Defaults:ann', rule_details: '!requiretty' },
  ]);
});

t.test('keys and settings of SSH', { skip }, async (t) => {
  const blob = Buffer.concat([
    Buffer.from([0, 0, 0, 11]),
    Buffer.from('ssh-ed25519'),
    Buffer.from([0, 0, 0, 32]),
    Buffer.alloc(32, 7),
  ]);
  const fingerprint = `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
  const key = `ssh-ed25519 ${blob.toString('base64')}`;
  const open = Buffer.from('openssh-key-v1\0\0\0\0\x04none', 'latin1').toString('base64');
  const closed = Buffer.from('openssh-key-v1\0\0\0\0\x0aaes256-ctr', 'latin1').toString('base64');
  const pem = (body: string, kind = 'OPENSSH ') =>
    `-----BEGIN ${kind}PRIVATE KEY-----\n${body}\n-----END ${kind}PRIVATE KEY-----\n`;
  const host = on(t, {
    'etc/passwd': 'ann:x:1001:50::/home/ann:/bin/sh\n',
    'home/ann/.ssh/authorized_keys': `no-pty ${key} ann@work\n`,
    'home/ann/.ssh/known_hosts': `github.com,10.0.0.1 ${key}\n@cert-authority *.example ${key}\n`,
    'home/ann/.ssh/config': 'Host *.internal\n  ProxyJump gate\n  ForwardAgent=yes\n',
    'home/ann/.ssh/id_open': pem(open),
    'home/ann/.ssh/id_closed': pem(closed),
    'home/ann/.ssh/old.pem': pem('Proc-Type: 4,ENCRYPTED\n\nabcd', 'RSA '),
    'home/ann/.ssh/notes': 'no key\n',
    'etc/ssh/ssh_config': 'SendEnv LANG\n',
  });
  t.match(await rowsOf('SELECT u.username, k.* FROM users u JOIN authorized_keys k USING (uid)', host), [
    { username: 'ann', algorithm: 'ssh-ed25519', fingerprint, options: 'no-pty', comment: 'ann@work' },
  ]);
  t.match(await rowsOf('SELECT host, fingerprint, uid FROM known_hosts', host), [
    { host: 'github.com,10.0.0.1', fingerprint, uid: 1001 },
    { host: '*.example', fingerprint, uid: 1001 },
  ]);
  t.same(await rowsOf('SELECT uid, block, option FROM ssh_configs', host), [
    { uid: null, block: '', option: 'sendenv LANG' },
    { uid: 1001, block: 'Host *.internal', option: 'proxyjump gate' },
    { uid: 1001, block: 'Host *.internal', option: 'forwardagent yes' },
  ]);
  t.same(
    (await rowsOf('SELECT path, encrypted, key_type FROM user_ssh_keys', host)).map((row) => [
      String(row['path']).split('/').at(-1),
      row['encrypted'],
      row['key_type'],
    ]),
    [
      ['id_closed', 1, 'OPENSSH'],
      ['id_open', 0, 'OPENSSH'],
      ['old.pem', 1, 'RSA'],
    ],
  );
});

t.test('what begins by itself: cron, systemd, autostart', { skip }, async (t) => {
  const root = folderWith(t, {
    'etc/passwd': 'ann:x:1001:50::/home/ann:/bin/sh\n',
    'etc/crontab':
      'SHELL=/bin/sh\n# m h\n17 *\t* * *\troot  cd / && run-parts # all\n@reboot root /sbin/once\n',
    'var/spool/cron/crontabs/ann': '*/5 * * * 1-5 /home/ann/bin/sync --all\n',
    'usr/lib/systemd/system/web.service':
      '[Unit]\nDescription=Web\n[Service]\nExecStartPre=/bin/true\nExecStart=/usr/bin/web --port 80\nExecStart=/bin/second\nUser=www\n',
    'usr/lib/systemd/system/idle.timer': '[Timer]\nOnCalendar=daily\n',
    'etc/systemd/system/readme.txt': 'no unit',
    'etc/xdg/autostart/tray.desktop': '[Desktop Entry]\nName=Tray\nExec=/usr/bin/tray\n',
    'home/ann/.config/autostart/gone.desktop': '[Desktop Entry]\nHidden=true\nExec=/bin/x\n',
  });
  mkdirSync(join(root, 'etc/systemd/system/multi-user.target.wants'));
  symlinkSync(
    '/usr/lib/systemd/system/web.service',
    join(root, 'etc/systemd/system/multi-user.target.wants/web.service'),
  );
  symlinkSync('/dev/null', join(root, 'etc/systemd/system/masked.service'));
  mkdirSync(join(root, 'etc/rc2.d'));
  writeFileSync(join(root, 'etc/rc2.d/S01old'), '');
  writeFileSync(join(root, 'etc/rc2.d/K01gone'), '');
  const host = onFolder(root);
  t.match(await rowsOf('SELECT * FROM crontab', host), [
    { minute: '17', hour: '*', username: 'root', command: 'cd / && run-parts # all', event: null },
    { event: '@reboot', username: 'root', command: '/sbin/once', minute: null },
    { minute: '*/5', day_of_week: '1-5', username: 'ann', command: '/home/ann/bin/sync --all' },
  ]);
  t.match(await rowsOf('SELECT * FROM systemd_units ORDER BY id', host), [
    { id: 'idle.timer', unit_type: 'timer', on_calendar: 'daily', enabled: 0 },
    { id: 'masked.service', masked: 1 },
    {
      id: 'web.service',
      description: 'Web',
      exec_start: '/usr/bin/web --port 80',
      user: 'www',
      enabled: 1,
      masked: 0,
    },
  ]);
  t.match(await rowsOf('SELECT name, type, args FROM startup_items ORDER BY name', host), [
    { name: 'Tray', type: 'Autostart entry', args: '/usr/bin/tray' },
    { name: 'old', type: 'Init script' },
    { name: 'web.service', type: 'Systemd unit', args: '/usr/bin/web --port 80' },
  ]);
});

t.test('names, services, sources of packages, the packages themselves', { skip }, async (t) => {
  const host = on(t, {
    'etc/hosts': '127.0.0.1 localhost self # both\n\n# none\n::1 ip6\n',
    'etc/resolv.conf':
      'nameserver 10.0.0.53\nnameserver 10.0.0.54\nsearch a.example b.example\noptions ndots:2\n',
    'etc/services': 'ssh 22/tcp # shell\nhttp\t80/tcp\twww web\n',
    'etc/protocols': 'tcp 6 TCP # transmission\n',
    'etc/apt/sources.list':
      'deb [arch=amd64] http://a.example/ stable main contrib\n# deb http://off.example x y\n',
    'etc/apt/sources.list.d/b.sources':
      'Types: deb deb-src\nURIs: http://b.example\nSuites: one two\nComponents: main\nEnabled: no\n',
    'etc/os-release':
      'NAME="Some Linux"\nVERSION="12.3 (crow)"\nVERSION_ID="12.3"\nID=some\nVERSION_CODENAME=crow\n',
    'var/lib/dpkg/status':
      'Package: bash\nStatus: install ok installed\nVersion: 5.2-1\nArchitecture: amd64\nInstalled-Size: 100\nMaintainer: M\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n',
    'lib/apk/db/installed': 'P:musl\nV:1.2-r0\nA:x86_64\nI:400000\nm:Nat\n\n',
  });
  t.same(await rowsOf('SELECT * FROM etc_hosts', host), [
    { address: '127.0.0.1', hostnames: 'localhost self' },
    { address: '::1', hostnames: 'ip6' },
  ]);
  t.same((await rowsOf('SELECT id, type, address FROM dns_resolvers', host)).map(Object.values), [
    [0, 'nameserver', '10.0.0.53'],
    [1, 'nameserver', '10.0.0.54'],
    [0, 'search', 'a.example'],
    [1, 'search', 'b.example'],
    [0, 'option', 'ndots:2'],
  ]);
  t.same((await rowsOf('SELECT * FROM etc_services', host)).map(Object.values), [
    ['ssh', 22, 'tcp', '', 'shell'],
    ['http', 80, 'tcp', 'www web', null],
  ]);
  t.same((await rowsOf('SELECT * FROM etc_protocols', host)).map(Object.values), [
    ['tcp', 6, 'TCP', 'transmission'],
  ]);
  t.same(
    (await rowsOf('SELECT type, base_uri, release, components, enabled FROM apt_sources', host)).map(
      Object.values,
    ),
    [
      ['deb', 'http://a.example/', 'stable', 'main contrib', 1],
      ['deb', 'http://b.example', 'one', 'main', 0],
      ['deb', 'http://b.example', 'two', 'main', 0],
      ['deb-src', 'http://b.example', 'one', 'main', 0],
      ['deb-src', 'http://b.example', 'two', 'main', 0],
    ],
  );
  t.match(await rowsOf('SELECT * FROM os_version', host), [
    { name: 'Some Linux', version: '12.3 (crow)', major: 12, minor: 3, platform: 'some', codename: 'crow' },
  ]);
  t.match(await rowsOf('SELECT * FROM deb_packages', host), [
    { name: 'bash', version: '5.2-1', arch: 'amd64', size: 102_400 },
  ]);
  t.match(await rowsOf('SELECT * FROM apk_packages', host), [
    { name: 'musl', version: '1.2-r0', size: 400_000 },
  ]);
  t.same(await rowsOf("SELECT name FROM packages WHERE type IN ('deb', 'apk') ORDER BY 1", host), [
    { name: 'bash' },
    { name: 'musl' },
  ]);
});

t.test('logins, histories, set-uid programs', { skip }, async (t) => {
  const at = 1_700_000_000;
  const record = (type: number, user: string) =>
    utmpRecord({ type, user, line: 'pts/0', host: '10.0.0.9', seconds: at });
  const root = folderWith(t, {
    'etc/passwd': 'root:x:0:0::/root:/bin/sh\nann:x:1001:50::/home/ann:/bin/sh\n',
    'etc/group': 'root:x:0:\n',
    'run/utmp': Buffer.concat([record(7, 'ann'), record(0, '')]),
    'var/log/wtmp': Buffer.concat([record(2, 'reboot'), record(7, 'ann'), record(8, '')]),
    'home/ann/.bash_history': '#1700000001\nls -la\npwd\n',
    'home/ann/.zsh_history': ': 1700000002:0;echo a;b\n',
    'usr/bin/plain': '',
    'usr/bin/mighty': '',
  });
  chmodSync(join(root, 'usr/bin/mighty'), 0o4755);
  const host = onFolder(root);
  t.match(await rowsOf('SELECT * FROM logged_in_users', host), [
    { type: 'user', user: 'ann', tty: 'pts/0', host: '10.0.0.9', time: at },
  ]);
  t.same((await rowsOf('SELECT username, type_name FROM last', host)).map(Object.values), [
    ['reboot', 'boot-time'],
    ['ann', 'user-process'],
    ['', 'dead-process'],
  ]);
  t.same((await rowsOf('SELECT username, time, command FROM shell_history', host)).map(Object.values), [
    ['ann', 1_700_000_001, 'ls -la'],
    ['ann', null, 'pwd'],
    ['ann', 1_700_000_002, 'echo a;b'],
  ]);
  t.match(await rowsOf('SELECT * FROM suid_bin', host), [
    { path: join(root, 'usr/bin/mighty'), username: 'root', permissions: 'S', mode: '4755' },
  ]);
});

t.test('rules of the packet filter as iptables-save prints them', (t) => {
  const text = `# Generated
*filter
:INPUT DROP [10:2000]
:MINE - [0:0]
[5:300] -A INPUT -s 10.0.0.0/8 -i eth0 -p tcp -m tcp --dport 22 -j ACCEPT
[0:0] -A MINE -d 10.1.1.1/32 -o eth1 -j LOG --log-prefix "a -j b"
COMMIT
`;
  t.match(
    [...parseRules(text)],
    [
      { filter_name: 'filter', chain: 'INPUT', policy: 'DROP', packets: 10, bytes: 2000 },
      {
        ...{ filter_name: 'filter', chain: 'INPUT', policy: 'DROP', target: 'ACCEPT', protocol: 'tcp' },
        ...{ src_ip: '10.0.0.0/8', iniface: 'eth0', dst_port: '22', packets: 5, bytes: 300 },
      },
      { chain: 'MINE', target: 'LOG', dst_ip: '10.1.1.1/32', outiface: 'eth1' },
    ],
  );
  t.end();
});

t.test('the state of the system, against what Node says of it', { skip }, async (t) => {
  t.match(await rowsOf('SELECT * FROM system_info'), [
    { hostname: os.hostname(), physical_memory: os.totalmem(), cpu_logical_cores: os.cpus().length },
  ]);
  const [up] = await rowsOf(
    'SELECT total_seconds, days * 86400 + hours * 3600 + minutes * 60 + seconds AS sum FROM uptime',
  );
  t.equal(up?.['sum'], up?.['total_seconds']);
  t.ok(Math.abs(Number(up?.['sum']) - os.uptime()) < 10);
  t.match(await rowsOf('SELECT version FROM kernel_info'), [{ version: os.release() }]);
  t.match(await rowsOf("SELECT current_value FROM system_controls WHERE name = 'kernel.osrelease'"), [
    { current_value: os.release() },
  ]);
  const [memory] = await rowsOf('SELECT memory_total FROM memory_info');
  t.equal(memory?.['memory_total'], os.totalmem());
  const addresses = Object.values(os.networkInterfaces()).flatMap(
    (all) => all?.map((one) => one.address) ?? [],
  );
  const found = await rowsOf('SELECT address FROM interface_addresses');
  t.same(found.map((row) => row['address']).toSorted(), addresses.toSorted());
  const details = await rowsOf("SELECT interface, mtu, ibytes FROM interface_details WHERE interface = 'lo'");
  t.match(details, [{ interface: 'lo', mtu: 65_536 }]);
  const roots = await rowsOf("SELECT path, blocks * blocks_size > 0 AS sized FROM mounts WHERE path = '/'");
  t.ok(roots.some((row) => row['sized'] === 1));
  t.equal((await rowsOf('SELECT period FROM load_average')).length, 3);
  t.equal((await rowsOf('SELECT * FROM cpu_info')).length, os.cpus().length);
});

t.test('the agent itself', async (t) => {
  const status = {
    hostId: 'abc',
    instance: 'vedette',
    pid: 12,
    startedAt: 1_700_000_000_000_000,
    isConnected: true,
    outbox: { events: 3, sizeBytes: 4096 },
    memory: { rssBytes: 1000, heapBytes: 10, budgetBytes: 2000 },
    cpu: { share: 0.25, budgetShare: 1 },
    sensors: [
      {
        name: 'dns',
        state: { status: 'unavailable', reason: 'no packets', sinceAt: 1 },
        events: 0,
        lost: 0,
        eventsPerSecond: 0,
        cpuShare: 0,
      },
    ],
    shed: [],
  } as const satisfies AgentStatus;
  const host = { ...thisHost, status, version: '1.2.3' };
  t.match(await rowsOf('SELECT * FROM vedette_agent', host), [
    {
      host_id: 'abc',
      start_time: 1_700_000_000,
      connected: 1,
      outbox_events: 3,
      cpu_percent: 25,
      version: '1.2.3',
    },
  ]);
  t.match(await rowsOf('SELECT * FROM vedette_sensors', host), [
    { name: 'dns', status: 'unavailable', note: 'no packets' },
  ]);
});
