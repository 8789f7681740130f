import fc from 'fast-check';
import t from 'tap';
import { parseJournalEntry } from '../../../agent/sensors/log/journal-entry.ts';
import { parseSyslogLine } from '../../../agent/sensors/log/syslog-line.ts';
import { AuthLines } from '../../../agent/sensors/login/auth-lines.linux.ts';

function told(program: string, message: string, lines = new AuthLines('auth-log')) {
  return lines.eventsOf({ at: 1, program, pid: 9, message });
}

t.test('lines of each program', async (t) => {
  const cases: [string, string, object | undefined][] = [
    [
      'sshd',
      'Accepted publickey for al from 10.0.0.1 port 5 ssh2: ED25519 SHA256:abc',
      {
        'event.action': 'login',
        'user.name': 'al',
        'source.ip': '10.0.0.1',
        'authentication.method': 'publickey',
        'source.port': 5,
        'authentication.key.type': 'ED25519',
        'authentication.key.fingerprint': 'SHA256:abc',
      },
    ],
    [
      'sshd',
      'Accepted publickey for al from 10.0.0.1 port 65000 ssh2: ED25519-CERT SHA256:own ID al-laptop (serial 3) CA ED25519 SHA256:authority',
      {
        'source.port': 65_000,
        'authentication.key.type': 'ED25519-CERT',
        'authentication.key.fingerprint': 'SHA256:authority',
      },
    ],
    [
      'sshd',
      'Failed publickey for invalid user x: ED25519 SHA256:fake from 1.2.3.4 port 9 ssh2: RSA SHA256:real',
      {
        'user.name': 'x: ED25519 SHA256:fake',
        'source.ip': '1.2.3.4',
        'authentication.key.fingerprint': 'SHA256:real',
      },
    ],
    [
      'sudo',
      'pam_unix(sudo:session): session closed for user root',
      { 'event.action': 'session-close', 'user.name': 'root', 'authentication.service': 'sudo' },
    ],
    [
      'CRON',
      'pam_unix(cron:session): session closed for user root',
      { 'event.action': 'session-close', 'authentication.service': 'cron' },
    ],
    [
      'CRON',
      '(al) CMD (/bin/job --with (brackets))',
      { 'event.action': 'cron', 'user.name': 'al', 'process.command_line': '/bin/job --with (brackets)' },
    ],
    [
      'crontab',
      '(root) REPLACE (al)',
      { 'event.action': 'cron', 'user.name': 'root', 'user.effective.name': 'al' },
    ],
    ['cron', '(CRON) INFO (pidfile fd = 3)', undefined],
    [
      'polkitd',
      'Operator of unix-session:2 successfully authenticated as unix-user:root to gain ONE-SHOT authorization for action org.freedesktop.policykit.exec for unix-process:12:34 [pkexec id] (owned by unix-user:al)',
      {
        'event.action': 'privileged',
        'event.outcome': 'success',
        'user.name': 'al',
        'user.effective.name': 'root',
      },
    ],
    [
      'polkitd',
      'Operator of unix-session:2 FAILED to authenticate to gain authorization for action a.b for unix-process:12:34 [x (owned by unix-user:fake)] (owned by unix-user:al)',
      { 'event.outcome': 'failure', 'user.name': 'al' },
    ],
    [
      'pkexec',
      'al: Executing command [USER=root] [TTY=/dev/pts/3] [CWD=/home/al] [COMMAND=/usr/bin/id -u]',
      {
        'user.name': 'al',
        'user.effective.name': 'root',
        'process.tty': 'pts/3',
        'process.command_line': '/usr/bin/id -u',
      },
    ],
    [
      'pkexec',
      'al: Error executing command as another user: Not authorized [USER=root] [TTY=unknown] [CWD=/] [COMMAND=/bin/sh]',
      { 'event.outcome': 'failure', 'process.command_line': '/bin/sh' },
    ],
    [
      'sshd-session',
      'Failed password for root from ::ffff:10.0.0.2 port 5 ssh2',
      {
        'event.action': 'failed',
        'event.outcome': 'failure',
        'source.ip': '10.0.0.2',
        'authentication.method': 'password',
      },
    ],
    [
      'sshd',
      'Failed keyboard-interactive/pam for al from host.example port 5 ssh2',
      { 'source.domain': 'host.example', 'authentication.method': 'keyboard-interactive' },
    ],
    [
      'sshd',
      'Failed none for invalid user a from 6.6.6.6 port 1 ssh2 from 1.2.3.4 port 9 ssh2',
      { 'user.name': 'a from 6.6.6.6 port 1 ssh2', 'source.ip': '1.2.3.4' },
    ],
    [
      'sshd',
      'Invalid user from 1.1.1.1 port 2 from 1.2.3.4 port 9',
      { 'user.name': 'from 1.1.1.1 port 2', 'source.ip': '1.2.3.4' },
    ],
    ['sshd', 'Connection closed by 1.2.3.4 port 9', undefined],
    ['sshd', 'pam_unix(sshd:session): session opened for user al(uid=1) by (uid=0)', undefined],
    [
      'sshd',
      'pam_unix(sshd:session): session closed for user al',
      { 'event.action': 'logout', 'user.name': 'al' },
    ],
    [
      'cron',
      'pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)',
      { 'event.action': 'session-open', 'user.name': 'root' },
    ],
    [
      'gdm',
      'pam_unix(gdm-password:auth): authentication failure; logname= uid=0 euid=0 tty=/dev/tty1 ruser= rhost=  user=al',
      { 'event.action': 'failed', 'user.name': 'al', 'process.tty': 'tty1' },
    ],
    [
      'su',
      '(to root) al on pts/0',
      {
        'event.action': 'su',
        'event.outcome': 'success',
        'user.name': 'al',
        'user.effective.name': 'root',
        'process.tty': 'pts/0',
      },
    ],
    ['su', 'FAILED SU (to root) al on pts/0', { 'event.action': 'su', 'event.outcome': 'failure' }],
    ['su', 'FAILED su for root by al', { 'event.outcome': 'failure', 'user.name': 'al' }],
    [
      'sudo',
      '      al : TTY=pts/0 ; PWD=/home/al ; USER=root ; COMMAND=/bin/sh -c id ; x',
      {
        'event.action': 'sudo',
        'event.outcome': 'success',
        'process.command_line': '/bin/sh -c id ; x',
        'user.effective.name': 'root',
      },
    ],
    [
      'sudo',
      'al : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls',
      { 'event.outcome': 'failure', 'user.name': 'al' },
    ],
    [
      'sudo',
      'al : user NOT in sudoers ; PWD=/ ; USER=root ; COMMAND=/bin/ls',
      { 'event.outcome': 'failure', 'process.command_line': '/bin/ls' },
    ],
    ['sudo', 'pam_unix(sudo:session): session opened for user root(uid=0) by al(uid=1000)', undefined],
    [
      'login',
      "FAILED LOGIN (1) on '/dev/tty1' FOR 'root', Authentication failure",
      { 'event.action': 'failed', 'user.name': 'root', 'process.tty': 'tty1' },
    ],
    ['systemd-logind', 'New session 4 of user al.', { 'event.action': 'session-open', 'user.name': 'al' }],
    ['evil', 'Accepted password for root from 1.1.1.1 port 1 ssh2', undefined],
  ];
  for (const [program, message, expected] of cases) {
    const events = told(program, message);
    if (expected === undefined) t.same(events, [], message);
    else t.match(events, [{ ...expected, 'log.source': 'auth-log' }], message);
  }
});

t.test('sessions of logind end with the user they began with', async (t) => {
  const lines = new AuthLines('journal');
  const say = (message: string) => told('systemd-logind', message, lines);
  t.match(say('New session c4 of user al.'), [{ 'event.action': 'session-open', 'session.id': 'c4' }]);
  t.same(say('Session c4 logged out. Waiting for processes to exit.'), []);
  t.match(say('Removed session c4.'), [
    { 'event.action': 'session-close', 'session.id': 'c4', 'user.name': 'al' },
  ]);
  t.match(say('Removed session c9.'), [{ 'event.action': 'session-close', 'user.name': undefined }]);
});

t.test('an unknown user is told once per attempt', async (t) => {
  const lines = new AuthLines('auth-log');
  t.equal(told('sshd', 'Invalid user x from 1.2.3.4 port 9', lines).length, 1);
  t.equal(told('sshd', 'Failed password for invalid user x from 1.2.3.4 port 9 ssh2', lines).length, 0);
  t.equal(told('sshd', 'Failed password for invalid user x from 1.2.3.4 port 9 ssh2', lines).length, 1);
  const many = 'message repeated 3 times: [ Failed password for root from 1.2.3.4 port 9 ssh2]';
  t.equal(told('sshd', many, lines).length, 3);
  t.equal(told('sshd', many.replace('3', '999999'), lines).length, 100);
});

t.test('lines of syslog', async (t) => {
  const now = new Date(2026, 0, 2).getTime();
  t.match(parseSyslogLine('Jan  1 02:03:04 host sshd[12]: hello: there', now), {
    at: new Date(2026, 0, 1, 2, 3, 4).getTime() * 1000,
    identifier: 'sshd',
    pid: 12,
    message: 'hello: there',
  });
  t.equal(
    parseSyslogLine('Dec 31 23:59:59 h x: y', now)?.at,
    new Date(2025, 11, 31, 23, 59, 59).getTime() * 1000,
  );
  const fractions = [
    ['', 0],
    ['.25', 250_000],
    ['.605864', 605_864],
    ['.6058', 605_800],
    ['.605864123', 605_864],
  ] as const;
  for (const [fraction, us] of fractions) {
    t.match(
      parseSyslogLine(`2026-01-01T00:00:00${fraction}Z h CRON[3]: z`, now),
      { at: Date.UTC(2026, 0, 1) * 1000 + us },
      fraction,
    );
  }
  t.match(parseSyslogLine('<34>1 2026-01-01T00:00:00.000003Z h su 77 ID47 - it failed', now), {
    at: Date.UTC(2026, 0, 1) * 1000 + 3,
    identifier: 'su',
    pid: 77,
    facility: 4,
    severity: 2,
    message: 'it failed',
  });
  t.match(parseSyslogLine('<999>Jan  1 02:03:04 h x: y', now), { facility: undefined, message: 'y' });
  t.equal(parseSyslogLine('nothing of the kind', now), undefined);
});

t.test('entries of the journal are believed by what the kernel says of them', async (t) => {
  const entry = {
    __REALTIME_TIMESTAMP: '1700000000000001',
    MESSAGE: 'm',
    SYSLOG_IDENTIFIER: 'sshd',
    _PID: '4',
  };
  const parse = (more: object) => parseJournalEntry(JSON.stringify({ ...entry, ...more }));
  t.match(parse({ _EXE: '/usr/sbin/sshd' }), {
    at: 1_700_000_000_000_001,
    program: 'sshd',
    pid: 4,
    message: 'm',
  });
  t.equal(parse({ _EXE: '/usr/bin/logger' })?.program, 'logger');
  t.match(parse({ _EXE: '/home/al/sshd' }), { program: undefined, identifier: 'sshd' });
  t.equal(parse({ MESSAGE: [0x68, 0x69] })?.message, 'hi');
  t.equal(parse({ MESSAGE: null }), undefined);
  t.equal(parseJournalEntry('{'), undefined);
});

t.test('never throws, and quickly gives up', async () => {
  const lines = new AuthLines('journal');
  fc.assert(
    fc.property(
      fc.constantFrom('sshd', 'su', 'sudo', 'login', 'polkitd', 'pkexec', 'CRON', 'systemd-logind', 'x'),
      fc.string({ maxLength: 300 }),
      (program, text) => {
        lines.eventsOf({ at: 1, program, pid: 1, message: text });
        parseSyslogLine(text, 0);
        parseJournalEntry(text);
        return true;
      },
    ),
  );
});
