/** Each check of the four analyses: what it must find, and what is nearly so and it must not. */
import t, { type Test } from 'tap';
import { Analyses, checksOf } from '../../../collector/analysis/analyse.ts';
import { type AnalysisKind, analysisKinds } from '../../../collector/analysis/contract.ts';
import type { Host } from '../../../collector/store/contract.ts';
import { day, eventOf, type Fields, on, type Seen, third, times } from '../hunt/seen.ts';
import { host, hostNames, hunting, otherHost, requestOf } from '../store/events/hunting.ts';

const usHour = 3_600_000_000;
const run = (minutesAgo: number, executable: string, fields: Fields = {}, hostId = host) =>
  on(hostId, 'process.start', minutesAgo, { 'process.executable': executable, ...fields });
const connect = (minutesAgo: number, executable: string, ip: string, fields: Fields = {}) =>
  on(host, 'network.connection', minutesAgo, {
    ...{ 'event.action': 'connected', 'destination.ip': ip, 'destination.port': 443 },
    ...{ 'process.executable': executable, 'process.entity_id': executable, ...fields },
  });
const listen = (minutesAgo: number, port: number, fields: Fields = {}) =>
  on(host, 'network.connection', minutesAgo, {
    ...{
      'event.action': 'listening',
      'source.ip': '0.0.0.0',
      'source.port': port,
      'network.initiated': false,
    },
    ...{ 'process.executable': '/usr/sbin/some', ...fields },
  });
const signIn = (minutesAgo: number, user: string, fields: Fields = {}, hostId = host) =>
  on(hostId, 'login', minutesAgo, { 'user.name': user, ...fields });
const failed: Fields = { 'event.action': 'failed', 'event.outcome': 'failure' };
const asked = (minutesAgo: number, name: string, fields: Fields = {}) =>
  on(host, 'dns.query', minutesAgo, {
    'dns.question.name': name,
    'process.executable': '/usr/bin/asks',
    ...fields,
  });
const has = (hostId: string, name: string, version: string, fields: Fields = {}) =>
  on(hostId, 'package.state', 60, {
    ...{
      'package.name': name,
      'package.version': version,
      'package.type': 'deb',
      'package.origin': 'deb.example stable',
    },
    ...fields,
  });
const hex = (n: number) => n.toString(16).padStart(32, 'f');
/** All times are told from here, so that what is stored does not depend on when it is. */
const nowMs = Date.now();
/** Whole minutes since the noon three days ago, so that what was then is told to be within the minute after it. */
const noon = Math.floor((nowMs - (Math.floor(nowMs / 86_400_000) - 3) * 86_400_000 - 43_200_000) / 60_000);

interface Case {
  /** First of what it is about, of each finding. */
  readonly found: readonly string[];
  readonly events: readonly Seen[];
}

const cases: Readonly<Record<AnalysisKind, Readonly<Record<string, Case>>>> = {
  process: {
    'many-connections': {
      found: ['/opt/spider'],
      events: [
        ...times(60, (i) => connect(30, '/opt/spider', `198.51.100.${i}`)),
        ...times(40, (i) => connect(30, '/opt/browser', `198.51.100.${i}`)),
      ],
    },
    'idle-long-running': {
      found: ['/tmp/waits'],
      events: [
        ...['/tmp/waits', '/tmp/parent', '/usr/sbin/daemon', '/tmp/ended'].map((exe) =>
          run(15 * 60, exe, {
            'process.entity_id': exe,
            'process.start': (Date.now() - 15 * 3_600_000) * 1000,
          }),
        ),
        run(60, '/usr/bin/child', {
          'process.entity_id': 'child',
          'process.parent.entity_id': '/tmp/parent',
          'process.start': Date.now() * 1000,
        }),
        on(host, 'process.end', 20, {
          'process.pid': 1,
          'process.entity_id': '/tmp/ended',
          'process.start': 1,
          'process.name': 'x',
        }),
      ],
    },
    'device-access': {
      found: ['/opt/watcher'],
      events: [
        on(host, 'device.access', 9, {
          'event.action': 'opened',
          'device.kind': 'camera',
          'device.name': 'video0',
          'process.pid': 5,
          'process.executable': '/opt/watcher',
        }),
        on(host, 'device.access', 9, {
          'event.action': 'opened',
          'device.kind': 'camera',
          'device.name': 'video0',
          'process.pid': 6,
          'process.executable': '/opt/old',
          'event.baseline': true,
        }),
        on(host, 'device.access', 9, {
          'event.action': 'released',
          'device.kind': 'camera',
          'device.name': 'video0',
          'process.pid': 7,
          'process.executable': '/opt/done',
        }),
      ],
    },
    'unexpected-parent': {
      found: ['/usr/sbin/nginx'],
      events: [
        run(40, '/usr/bin/dash', { 'process.parent.executable': '/usr/sbin/nginx' }),
        ...times(50, () => run(41, '/usr/sbin/nginx', { 'process.parent.executable': '/usr/sbin/nginx' })),
        run(42, '/usr/bin/bash', { 'process.parent.executable': '/usr/sbin/sshd' }),
      ],
    },
    respawning: {
      found: ['/opt/flaps'],
      events: ['/opt/flaps', '/opt/works'].flatMap((exe) =>
        times(25, (i) => [
          run(100 - i, exe, {
            'process.entity_id': `${exe}${i}`,
            'process.parent.entity_id': 'init',
            'process.parent.executable': '/sbin/init',
          }),
          on(host, 'process.end', 100 - i - 0.05, {
            'process.pid': 1,
            'process.entity_id': `${exe}${i}`,
            'process.start': 1,
            'process.name': 'x',
            'process.exit_code': exe === '/opt/flaps' ? 1 : 0,
          }),
        ]).flat(),
      ),
    },
    'log-silence': {
      found: ['unnamed'],
      events: [
        // Both busy for eight hours; one falls silent after four.
        ...[third, otherHost].flatMap((hostId) =>
          times(8, (hour) => [
            ...times(30, () => run(60 * hour + 90, '/usr/bin/job', {}, hostId)),
            ...(hostId === third && hour < 4
              ? []
              : times(20, (i) =>
                  on(hostId, 'log.line', 60 * hour + 90, { message: `line ${i}`, 'log.source': 'file' }),
                )),
          ]).flat(),
        ),
      ],
    },
    'without-a-file': {
      found: ['/memfd:x'],
      events: [
        run(20, '/memfd:x', { 'process.fileless': true }),
        run(20, '/usr/bin/fine', { 'process.fileless': false }),
      ],
    },
  },
  network: {
    'port-scan': {
      found: ['/usr/bin/nmap'],
      events: [
        ...times(80, (port) =>
          connect(33, '/usr/bin/nmap', '10.0.0.7', {
            'event.action': 'failed',
            'destination.port': 1000 + port,
          }),
        ),
        ...times(80, (port) => connect(33, '/usr/bin/ftp', '10.0.0.7', { 'destination.port': 1000 + port })),
      ],
    },
    scanned: {
      found: ['10.9.9.9'],
      events: [
        on(host, 'network.scan', 9, {
          ...{
            'event.action': 'began',
            'network.scan.kind': 'ports',
            'source.ip': '10.9.9.9',
            'event.start': 1,
            'event.end': 2,
          },
          ...{
            'network.scan.targets': 60,
            'network.scan.hosts': 1,
            'network.scan.ports': 60,
            'network.scan.syns': 60,
          },
          ...{ 'network.scan.accepted': 0, 'network.scan.refused': 60, 'network.scan.unanswered': 0 },
        }),
      ],
    },
    exfiltration: {
      found: ['/usr/bin/curl'],
      events: [
        ...times(3, () =>
          connect(50, '/usr/bin/curl', '203.0.113.5', {
            'event.action': 'closed',
            'source.bytes': 4_000_000,
            'destination.bytes': 1000,
          }),
        ),
        ...times(3, () =>
          connect(50, '/usr/bin/rsync', '10.0.0.9', {
            'event.action': 'closed',
            'source.bytes': 4_000_000,
            'destination.bytes': 1000,
          }),
        ),
        ...times(3, () =>
          connect(50, '/usr/bin/apt', '203.0.113.6', {
            'event.action': 'closed',
            'source.bytes': 4_000_000,
            'destination.bytes': 90_000_000,
          }),
        ),
      ],
    },
    beaconing: {
      found: ['/opt/beacon'],
      events: [
        ...times(20, (i) =>
          connect(400 - 10 * i + (i % 3) * 0.5, '/opt/beacon', '203.0.113.8', { 'destination.port': 443 }),
        ),
        ...times(20, (i) =>
          connect(400 - ((i * i * 37) % 390), '/opt/person', '203.0.113.8', { 'destination.port': 443 }),
        ),
      ],
    },
    'protocol-and-port': {
      found: ['/opt/odd'],
      events: [
        on(host, 'tls.hello', 9, {
          'tls.client.ja4': 't13',
          'destination.ip': '203.0.113.9',
          'destination.port': 4444,
          'process.executable': '/opt/odd',
        }),
        on(host, 'tls.hello', 9, {
          'tls.client.ja4': 't13',
          'destination.ip': '203.0.113.9',
          'destination.port': 443,
          'process.executable': '/opt/even',
        }),
      ],
    },
    'dns-tunnel': {
      found: ['tunnel.example'],
      events: [
        ...times(120, (i) => asked(30, `${hex(i)}.t.tunnel.example`)),
        ...times(120, (i) => asked(30, `host${i}.fine.example`)),
      ],
    },
    'unknown-names': {
      found: ['/opt/dga'],
      events: [
        ...times(40, (i) =>
          asked(30, `x${i}q${i * 7}.example`, {
            'process.executable': '/opt/dga',
            'dns.response_code': 'NXDOMAIN',
          }),
        ),
        ...times(40, (i) =>
          asked(30, `x${i}.example`, {
            'process.executable': '/opt/good',
            'dns.response_code': i < 5 ? 'NXDOMAIN' : 'NOERROR',
          }),
        ),
      ],
    },
    'new-listener': {
      found: ['/opt/new'],
      events: [
        listen(day + 60, 80),
        listen(60, 80),
        listen(60, 8099, { 'process.executable': '/opt/new' }),
        listen(60, 8100, { 'process.executable': '/opt/inner', 'source.ip': '127.0.0.1' }),
      ],
    },
    'connection-frequency': {
      found: ['/opt/burst'],
      events: [
        ...times(8, (hour) =>
          times(hour === 3 ? 300 : 10, () => connect(60 * hour + 45, '/opt/burst', '10.0.0.3')),
        ).flat(),
        ...times(8, (hour) => times(40, () => connect(60 * hour + 45, '/opt/steady', '10.0.0.3'))).flat(),
      ],
    },
  },
  application: {
    'unknown-origin': {
      found: ['handmade'],
      events: [
        has(host, 'handmade', '1', { 'package.origin': 'unknown' }),
        has(host, 'signed', '1', { 'package.origin': 'unknown', 'package.signature': 'key 1' }),
      ],
    },
    'altered-files': {
      found: ['coreutils'],
      events: [
        on(host, 'package.file', 9, {
          'event.action': 'changed',
          'file.path': '/usr/bin/ls',
          'file.changes': ['content'],
          'package.name': 'coreutils',
        }),
        on(host, 'package.file', 9, {
          'event.action': 'changed',
          'file.path': '/usr/bin/vi',
          'file.changes': ['content'],
          'package.name': 'vim',
        }),
        on(host, 'package.file', 8, {
          'event.action': 'restored',
          'file.path': '/usr/bin/vi',
          'package.name': 'vim',
        }),
      ],
    },
    'version-mismatch': {
      found: ['openssl'],
      events: [
        ...times(5, (i) => has(String(i).repeat(16), 'openssl', i === 4 ? '1.0' : '3.0')),
        ...times(5, (i) => has(String(i).repeat(16), 'zlib', '1.3')),
        ...times(4, (i) => has(String(i).repeat(16), 'half', i < 2 ? '1' : '2')),
      ],
    },
    'excessive-permissions': {
      found: ['/opt/rootsh'],
      events: [
        on(host, 'file.privilege', 9, {
          'event.action': 'found',
          'file.path': '/opt/rootsh',
          'file.owner': 'root',
          'file.packaged': false,
        }),
        on(host, 'file.privilege', 9, {
          'event.action': 'found',
          'file.path': '/usr/bin/sudo',
          'file.owner': 'root',
          'file.packaged': true,
        }),
        on(host, 'file.privilege', 9, {
          'event.action': 'found',
          'file.path': '/opt/was',
          'file.owner': 'root',
          'file.packaged': false,
        }),
        on(host, 'file.privilege', 8, { 'event.action': 'gone', 'file.path': '/opt/was' }),
      ],
    },
    'new-packages': {
      found: ['nmap'],
      events: [
        on(host, 'package.change', 9, { 'package.name': 'nmap', 'package.version': '7' }),
        on(host, 'package.change', 9, {
          'package.name': 'tzdata',
          'package.version': '7',
          'event.action': 'upgraded',
        }),
      ],
    },
    'new-behaviour': {
      found: ['/usr/bin/quiet'],
      events: [
        ...times(25, () => run(day + 90, '/usr/bin/quiet')),
        ...times(25, () => run(day + 90, '/usr/bin/chatty')),
        connect(day + 90, '/usr/bin/chatty', '10.0.0.1'),
        connect(30, '/usr/bin/chatty', '10.0.0.1'),
        connect(30, '/usr/bin/quiet', '10.0.0.1'),
      ],
    },
  },
  user: {
    'failed-logins': {
      found: ['203.0.113.4', '203.0.113.3'],
      events: [
        ...times(6, () => signIn(30, 'ann', { ...failed, 'source.ip': '203.0.113.3' })),
        signIn(20, 'ann', { 'source.ip': '203.0.113.3' }),
        ...times(6, () => signIn(30, 'bob', { ...failed, 'source.ip': '203.0.113.4' })),
        ...times(3, () => signIn(30, 'cy', { ...failed, 'source.ip': '203.0.113.5' })),
      ],
    },
    'password-spraying': {
      found: ['203.0.113.7'],
      events: [
        ...times(8, (i) => signIn(30, `u${i}`, { ...failed, 'source.ip': '203.0.113.7' })),
        ...times(8, (i) =>
          signIn(30, `v${i}`, { 'source.ip': '203.0.113.17', 'event.action': 'session-open' }),
        ),
      ],
    },
    'unusual-hour': {
      found: ['nightowl'],
      events: [
        ...['nightowl', 'dayowl'].flatMap((who) => times(25, () => signIn(noon, who))),
        signIn(noon - 2.5 * day, 'nightowl'),
        signIn(noon - 2 * day - 30, 'dayowl'),
      ],
    },
    'new-source': {
      found: ['tom'],
      events: [
        ...times(6, () => signIn(2.5 * day, 'tom', { 'source.ip': '10.1.1.1' })),
        signIn(30, 'tom', { 'source.ip': '10.1.1.1' }),
        signIn(200, 'tom', { 'source.ip': '198.51.100.77' }),
        signIn(30, 'stranger', { 'source.ip': '198.51.100.78' }),
      ],
    },
    'privilege-escalation': {
      found: ['eve', 'newbie'],
      events: [
        ...times(3, () =>
          signIn(30, 'eve', {
            'event.action': 'sudo',
            'event.outcome': 'failure',
            'user.effective.name': 'root',
          }),
        ),
        signIn(2.5 * day, 'admin', { 'event.action': 'sudo' }),
        signIn(30, 'admin', { 'event.action': 'sudo' }),
        signIn(30, 'newbie', { 'event.action': 'sudo', 'user.effective.name': 'root' }),
      ],
    },
    'many-hosts': {
      found: ['roamer', 'twice'],
      events: [
        ...times(6, (i) => signIn(30, 'roamer', {}, String(i).repeat(16))),
        signIn(noon - 2 * day, 'twice', { 'source.ip': '10.0.0.1' }),
        signIn(noon - 2 * day - 1, 'twice', { 'source.ip': '198.51.100.1' }),
        signIn(noon - 2 * day, 'once', { 'source.ip': '10.0.0.1' }),
        signIn(noon - 2 * day - 180, 'once', { 'source.ip': '198.51.100.1' }),
      ],
    },
    'account-changes': {
      found: ['backdoor'],
      events: [
        on(host, 'account.change', 9, {
          'event.action': 'user-added',
          'user.name': 'backdoor',
          'user.privileged': true,
        }),
        on(host, 'account.change', 9, {
          'event.action': 'user-added',
          'user.name': 'there',
          'event.baseline': true,
        }),
        on(host, 'account.change', 9, { 'event.action': 'user-removed', 'user.name': 'gone' }),
      ],
    },
    'service-account': {
      found: ['www-data'],
      events: [signIn(30, 'www-data'), signIn(30, 'www-data', { 'event.action': 'session-open' })],
    },
  },
};

/** Days that are analysed, as many before them are known. */
const spans: Readonly<Record<AnalysisKind, number>> = { process: 1, network: 1, application: 1, user: 2 };

function analysing(t: Test, most?: number) {
  const { add, engine } = hunting(t);
  const hosts = [
    ...hostNames.map(({ id, name }) => ({ id, hostname: name })),
    { id: third, hostname: 'c-host' },
    ...times(6, (i) => i).map((i) => ({ id: String(i).repeat(16), hostname: `n${i}` })),
  ] as unknown as readonly Host[];
  const analyses = new Analyses({
    hosts: { list: async () => hosts },
    hunts: {
      async stream({ sql, parameters, since, until, maxRows, timeoutMs, signal }, form) {
        const bounds = { maxRows, timeoutMs };
        const request = requestOf(sql ?? '', { parameters, since, until, bounds } as never);
        return { id: '', parts: engine.stream(request, form, signal) };
      },
    },
    ...(most !== undefined && { maxFindingsOfCheck: most }),
  });
  const until = nowMs * 1000;
  const analyse = (kind: AnalysisKind, ...names: readonly string[]) =>
    analyses.analyse({
      ...{ kind, hosts: names, since: until - spans[kind] * 24 * usHour, until, by: 'ann' },
      signal: new AbortController().signal,
    });
  const store = async (events: readonly Seen[]) => {
    for (const [hostId, own] of Map.groupBy(events, (one) => one.hostId))
      await add(hostId, ...own.map((one, i) => eventOf(one, i, nowMs)));
  };
  return { analyse, store };
}

t.test('every check is tested', async (t) => {
  for (const kind of analysisKinds)
    t.same(checksOf[kind].map(({ name }) => name).sort(), Object.keys(cases[kind]).sort());
});

for (const kind of analysisKinds)
  for (const [name, { found, events }] of Object.entries(cases[kind]))
    t.test(`${kind}: ${name}`, async (t) => {
      const { analyse, store } = analysing(t);
      t.same((await analyse(kind)).findings, [], 'nothing in an empty store');
      await store(events);
      const analysis = await analyse(kind);
      const own = analysis.findings.filter(({ check }) => check === name);
      const said = own.map(({ description, affected }) => ({ description, about: affected[0]?.value }));
      t.same(said.map(({ about }) => about).sort(), [...found].sort(), JSON.stringify(analysis.findings));
      for (const one of own) {
        t.ok(one.confidence > 0 && one.confidence < 1 && one.recommendations.length > 0);
        t.ok(one.eventIds.length > 0 && one.firstAt > 0 && one.firstAt <= one.lastAt);
        t.notMatch(one.description, /undefined|null|NaN| {2}/);
        t.comment(one.description);
      }
    });

t.test('the same events in another order give the same findings', async (t) => {
  for (const kind of analysisKinds) {
    const all = Object.values(cases[kind]).flatMap(({ events }) => events);
    const told = [];
    for (const events of [
      all,
      all.toReversed(),
      all.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? 1 : -1)),
    ]) {
      const { analyse, store } = analysing(t);
      await store(events);
      const { findings, leftOut } = await analyse(kind);
      const again = await analyse(kind);
      t.same(again.findings, findings, 'and twice the same');
      // Ids of events are where they are stored, and times of a test are the order it made them in.
      told.push({
        leftOut,
        findings: findings.map(({ eventIds: _, firstAt: _f, lastAt: _l, ...rest }) => rest),
      });
    }
    t.ok((told[0]?.findings.length ?? 0) >= Object.keys(cases[kind]).length);
    t.same(told[1], told[0], kind);
    t.same(told[2], told[0], kind);
  }
});

t.test('some hosts only, and what is left out is counted', async (t) => {
  const { analyse, store } = analysing(t, 2);
  const fileless = { 'process.fileless': true, 'process.start': nowMs * 1000 };
  await store([
    ...times(5, (i) => run(20, `/memfd:${i}`, fileless)),
    run(20, '/memfd:o', fileless, otherHost),
  ]);
  t.match(await analyse('process'), { leftOut: 3, findings: { length: 3 }, hosts: { length: 9 } });
  t.match(await analyse('process', "o'*"), {
    ...{ leftOut: 0, hosts: [{ id: otherHost, name: "o'brien" }] },
    findings: [
      { hostId: otherHost, filter: `type:process.start host:${otherHost} process.executable:"/memfd:o"` },
    ],
  });
  await t.rejects(analyse('process', 'nobody'), { code: 'api.not_found' });
});
