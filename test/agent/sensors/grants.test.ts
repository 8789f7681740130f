import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { keyChanges, parseAuthorizedKeys } from '../../../agent/sensors/account/authorized-keys.ts';
import { parseSudoers, sudoRuleChanges } from '../../../agent/sensors/account/sudoers.ts';
import { createSensors } from '../../../agent/sensors/registry.ts';
import { Collected } from './collected.ts';
import { FixtureHost } from './fixture-host.ts';

/** A key's line in the form of ssh-keygen, over bytes that are no real key. */
function keyLine(n: number, comment = `k${n}`, type = 'ssh-ed25519'): string {
  const blob = Buffer.concat([
    Buffer.from([0, 0, 0, type.length]),
    Buffer.from(type),
    Buffer.from([0, 0, 0, 32]),
    Buffer.alloc(32, n),
  ]);
  return `${type} ${blob.toString('base64')} ${comment}`;
}

t.test('sudoers: comments, continued lines, ids, quotes', async (t) => {
  const text = [
    '# a comment',
    'Defaults   env_reset # more',
    'Defaults:al badpass_message="no # here"',
    'root  ALL=(ALL:ALL)\tALL',
    '%sudo ALL=(ALL) \\',
    '    NOPASSWD: ALL',
    '#1000 ALL=ALL',
    'al, bob ALL = /bin/\\#x',
    'Cmnd_Alias SHELLS = /bin/sh',
    '#includedir /etc/sudoers.d',
    '@include local',
    '#includes nothing',
  ];
  t.same(parseSudoers(text.join('\n')), [
    { text: 'Defaults env_reset', subject: 'Defaults' },
    { text: 'Defaults:al badpass_message="no # here"', subject: 'Defaults:al' },
    { text: 'root ALL=(ALL:ALL) ALL', subject: 'root' },
    { text: '%sudo ALL=(ALL) NOPASSWD: ALL', subject: '%sudo' },
    { text: '#1000 ALL=ALL', subject: '#1000' },
    { text: 'al, bob ALL = /bin/\\#x', subject: 'al, bob' },
    { text: 'Cmnd_Alias SHELLS = /bin/sh', subject: 'Cmnd_Alias SHELLS' },
    { text: '#includedir /etc/sudoers.d', subject: '#includedir /etc/sudoers.d' },
    { text: '@include local', subject: '@include local' },
  ]);
});

t.test('changes of rules lead from one text to the other', async () => {
  const line = fc.constantFrom(
    'al ALL=ALL',
    'al ALL=NOPASSWD: ALL',
    'bob ALL=ALL',
    '%w ALL=ALL',
    'Defaults x',
    '# c',
  );
  const text = fc.array(line, { maxLength: 8 }).map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const [old, now] = [parseSudoers(before), parseSudoers(after)];
      const texts = old.map((rule) => rule.text);
      for (const change of sudoRuleChanges(old, now)) {
        if (change.before !== undefined) texts.splice(texts.indexOf(change.before), 1);
        if (change.after !== undefined) texts.push(change.after);
      }
      return (
        texts.sort().join('\n') ===
        now
          .map((rule) => rule.text)
          .sort()
          .join('\n')
      );
    }),
  );
});

t.test('authorized keys: options with spaces and quotes, what is no key, twice', async (t) => {
  const keys = parseAuthorizedKeys(
    [
      keyLine(1, 'al@laptop with words'),
      `command="echo \\"hi, you\\" ssh-rsa AAAA",no-pty ${keyLine(2)}`,
      `  from="10.0.0.*"   ${keyLine(3)}\r`,
      `# ${keyLine(4)}`,
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIshort',
      `ssh-rsa ${keyLine(5).split(' ')[1]}`,
      `no-pty ${keyLine(1)}`,
      keyLine(6, '', 'sk-ssh-ed25519@openssh.com'),
      'root:$6$secret:1:2:3',
    ].join('\n'),
  );
  t.match(
    [...keys.values()],
    [
      {
        type: 'ssh-ed25519',
        options: '',
        comment: 'al@laptop with words',
        fingerprint: /^SHA256:[\w+/]{43}$/,
      },
      { options: 'command="echo \\"hi, you\\" ssh-rsa AAAA",no-pty', comment: 'k2' },
      { options: 'from="10.0.0.*"', comment: 'k3' },
      { type: 'sk-ssh-ed25519@openssh.com', comment: '' },
    ],
  );
  t.equal(keys.size, 4);
  const changed = parseAuthorizedKeys(`no-pty ${keyLine(1)}\n${keyLine(7)}`);
  t.same(
    keyChanges(keys, changed).map(({ action }) => action),
    ['key-changed', 'key-added', 'key-removed', 'key-removed', 'key-removed'],
  );
});

const hasKeygen = spawnSync('ssh-keygen', ['-?']).error === undefined;
t.test(
  'fingerprints are those of ssh-keygen',
  { skip: !hasKeygen && 'ssh-keygen is not installed' },
  async (t) => {
    const host = hostOf(t);
    for (const type of ['ed25519', 'ecdsa', 'rsa']) {
      const path = host.path(type);
      execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', 'a comment', '-f', path]);
      const [, fingerprint] = execFileSync('ssh-keygen', ['-lf', path], { encoding: 'utf8' }).split(' ');
      const keys = parseAuthorizedKeys(readFileSync(`${path}.pub`, 'utf8'));
      t.match([...keys.values()], [{ fingerprint, comment: 'a comment' }], type);
    }
  },
);

t.test('nothing thrown for any text', async () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('"', '\\', '#', ' ', '\n', 'ssh-rsa ', 'AAAA'.repeat(9)),
  );
  fc.assert(
    fc.property(fc.array(piece), (parts) => {
      const text = parts.join('');
      parseAuthorizedKeys(text);
      sudoRuleChanges(parseSudoers(text), parseSudoers(`${text}x`));
    }),
  );
});

function hostOf(t: Test): FixtureHost {
  const host = new FixtureHost();
  t.teardown(() => host.end());
  return host;
}

async function watch(t: Test, host: FixtureHost): Promise<Collected> {
  const sensor = createSensors(host.options).find((each) => each.describe().name === 'account');
  const got = new Collected();
  await sensor?.start(got.emit);
  t.teardown(async () => {
    await sensor?.stop();
    if (got.faults.length > 0) throw new Error(got.faults.join());
  });
  return got;
}

t.test('rules and keys come, change and go', { skip: process.platform !== 'linux' }, async (t) => {
  const host = hostOf(t);
  host.write(
    'etc/passwd',
    `root:x:0:0::/root-of-nobody:/bin/sh\nal:x:1000:1000::${host.path('home/al')}:/bin/sh\n`,
  );
  host.write('etc/group', 'sudo:x:27:al\n');
  host.write('etc/sudoers', 'root ALL=(ALL) ALL\n');
  host.write('etc/sudoers.d/README.x', 'x ALL=ALL\n');
  host.write('home/al/.ssh/authorized_keys', `${keyLine(1)}\n`);
  const got = await watch(t, host);
  t.same(got.events, [], 'what is there is not told');
  const next = (action: string) => got.until('account.change', (event) => event['event.action'] === action);

  host.write('home/al/.ssh/authorized_keys', `no-pty ${keyLine(1)}\n${keyLine(2, 'evil')}\n`);
  t.match(await next('key-added'), {
    'user.name': 'al',
    'user.id': '1000',
    'user.privileged': true,
    'file.path': host.path('home/al/.ssh/authorized_keys'),
    'authentication.key.type': 'ssh-ed25519',
    'change.before': undefined,
    'change.after': /^ssh-ed25519 SHA256:\S+ evil$/,
  });
  t.match(await next('key-changed'), {
    'change.before': /^ssh-/,
    'change.after': /^no-pty ssh-ed25519 SHA256:/,
  });
  t.notMatch(JSON.stringify(got.events), /AAAA/, 'keys are named by their fingerprints');

  host.write('etc/sudoers.d/90-al', 'al ALL=(ALL) NOPASSWD: ALL\n');
  t.match(await next('sudo-rule-added'), {
    'user.name': 'al',
    'file.path': host.path('etc/sudoers.d/90-al'),
    'change.after': 'al ALL=(ALL) NOPASSWD: ALL',
  });
  host.write('etc/sudoers', 'root ALL=(ALL) NOPASSWD: ALL\n');
  t.match(await next('sudo-rule-changed'), {
    'change.before': 'root ALL=(ALL) ALL',
    'change.after': 'root ALL=(ALL) NOPASSWD: ALL',
  });
  host.remove('etc/sudoers.d/90-al');
  t.match(await next('sudo-rule-removed'), { 'change.before': /NOPASSWD/ });
  host.remove('home/al/.ssh');
  await next('key-removed');
  t.equal(got.events.filter((event) => event.type === 'account.change').length, 7);
});

t.test(
  'what changed while nobody looked is told at the next start',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const host = hostOf(t);
    const run = async () => {
      const options = { ...host.options, stateFolder: host.path('state') };
      const sensor = createSensors(options).find((each) => each.describe().name === 'account');
      const got = new Collected();
      await sensor?.start(got.emit);
      t.same(await sensor?.sample(), [], 'a sample neither tells nor remembers');
      await sensor?.stop();
      t.same(got.faults, []);
      return got
        .of('account.change')
        .map((event) => event['event.action'])
        .sort();
    };
    mkdirSync(host.path('state'));
    const passwd = `root:x:0:0::/nowhere:/bin/sh\nal:x:1000:1000::${host.path('home/al')}:/bin/sh\n`;
    host.write('etc/passwd', passwd);
    host.write('etc/shadow', 'al:$6$secret:19000::::::\n');
    host.write('etc/group', 'sudo:x:27:\n');
    host.write('etc/sudoers', 'root ALL=ALL\n');
    host.write('etc/sudoers.d/al', 'al ALL=ALL\n');
    host.write('home/al/.ssh/authorized_keys', keyLine(1));
    t.same(await run(), []);
    t.same(await run(), [], 'nothing changed');
    host.write('etc/passwd', `${passwd}eve:x:1001:1001::/:/bin/sh\n`);
    host.write('etc/group', 'sudo:x:27:al\n');
    host.write('etc/sudoers', 'root ALL=NOPASSWD: ALL\n');
    host.remove('etc/sudoers.d/al');
    host.write('home/al/.ssh/authorized_keys', keyLine(2));
    t.same(await run(), [
      'group-member-added',
      'key-added',
      'key-removed',
      'sudo-rule-changed',
      'sudo-rule-removed',
      'user-added',
    ]);
    t.same(await run(), []);
    t.notMatch(readFileSync(host.path('state/accounts.json'), 'utf8'), /secret|AAAA/);
    for (const text of [
      '{',
      'null',
      '{"users":[["al",3],[7]],"keys":[["al",{}]],"sudo":7}',
      '{"users":{}}',
    ]) {
      host.write('state/accounts.json', text);
      t.same(await run(), [], 'a spoilt memory is as none');
    }
  },
);

t.test(
  'what users put in place of their keys holds nothing up',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const host = hostOf(t);
    const names = ['pipe', 'folder', 'device', 'huge', 'loop', 'fine'];
    host.write(
      'etc/passwd',
      names.map((name, i) => `${name}:x:${1000 + i}:1::${host.path(`home/${name}`)}:/bin/sh\n`).join(''),
    );
    for (const name of names) host.write(`home/${name}/.ssh/x`, '');
    const at = (name: string) => `home/${name}/.ssh/authorized_keys`;
    execFileSync('mkfifo', [host.path(at('pipe'))]);
    mkdirSync(host.path(at('folder')));
    host.link(at('device'), '/dev/zero');
    host.write(at('huge'), `${keyLine(1)}\n`.repeat(20_000));
    host.link(at('loop'), 'authorized_keys');
    host.write(at('fine'), '');
    const got = await watch(t, host);
    host.write(at('fine'), keyLine(9));
    t.match(await got.until('account.change', () => true), { 'user.name': 'fine' });
    rmSync(host.path(at('pipe')));
    host.write(at('pipe'), keyLine(8));
    t.match(await got.until('account.change', (event) => event['user.name'] === 'pipe'), {
      'event.action': 'key-added',
    });
  },
);

const mayAdd = process.getuid?.() === 0 && spawnSync('useradd', ['--help']).error === undefined;
t.test('users and groups of the real tools', { skip: !mayAdd && 'needs root and useradd' }, async (t) => {
  const host = hostOf(t);
  for (const [name, text] of [
    ['passwd', 'root:x:0:0:root:/root:/bin/sh\n'],
    ['shadow', 'root:*:19000:0:99999:7:::\n'],
    ['group', 'root:x:0:\nsudo:x:27:\n'],
    ['gshadow', 'root:*::\nsudo:*::\n'],
    ['login.defs', 'UID_MIN 1000\nGID_MIN 1000\nENCRYPT_METHOD SHA512\n'],
  ] as const)
    host.write(join('etc', name), text);
  const got = await watch(t, host);
  const tool = (name: string, ...args: string[]) => execFileSync(name, ['--prefix', host.root, ...args]);
  tool('useradd', '-m', '-s', '/bin/bash', '-G', 'sudo', 'eve');
  t.match(await got.until('account.change', (event) => event['event.action'] === 'user-added'), {
    'user.name': 'eve',
    'user.shell': '/bin/bash',
    'user.privileged': true,
  });
  t.match(await got.until('account.change', (event) => event['event.action'] === 'group-member-added'), {
    'group.name': 'sudo',
    'user.name': 'eve',
  });
  tool('usermod', '-s', '/bin/sh', 'eve');
  t.match(await got.until('account.change', (event) => event['event.action'] === 'user-changed'), {
    'user.changes': ['shell: /bin/bash -> /bin/sh'],
  });
  tool('userdel', 'eve');
  await got.until('account.change', (event) => event['event.action'] === 'user-removed');
});
