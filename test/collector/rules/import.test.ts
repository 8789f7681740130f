/** Rules taken from folders and archives, again and again; and archives that mean harm. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { readSource } from '../../../collector/rules/import/source.ts';
import { tempFolder } from '../../temp.ts';
import { vedette, vedetteJson } from '../../vedette.ts';

const rule = (n: number, over: Readonly<Record<string, string>> = {}) => {
  const { level = 'high', status = 'stable', product = 'linux', category = 'process_creation' } = over;
  return `title: Rule ${n}
id: 00000000-0000-4000-8000-${String(n).padStart(12, '0')}
status: ${status}
author: Somebody, somewhere
license: DRL-1.1
tags:
    - attack.execution
    - attack.t1059.00${n}
logsource:
    category: ${category}
    product: ${product}
detection:
    selection:
        Image|endswith: /tool-${n}
    condition: selection
level: ${level}
`;
};

/** A checkout: rules of several kinds, a licence, and what is no rule. */
function checkout(t: Test): string {
  const folder = join(tempFolder(t), 'sigma-master');
  const files: Readonly<Record<string, string>> = {
    'rules/linux/one.yml': rule(1),
    'rules/linux/two.yml': rule(2, { level: 'low', status: 'experimental' }),
    'rules/windows/three.yml': rule(3, { product: 'windows' }),
    'rules/linux/four.yml': rule(4, { category: 'no_such_category' }),
    'rules/linux/refused.yml': 'title: broken\ndetection: 1\n',
    'rules/linux/a/very/deep/folder/with/quite/a/long/name/so/that/tar/needs/a/header/of/its/own/for/it/five.yml':
      rule(5),
    LICENSE: 'Detection Rule License\n',
    'README.md': 'not a rule\n',
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

interface Report {
  readonly summary: Readonly<Record<string, number>> & {
    readonly byReason: Readonly<Record<string, number>>;
  };
  readonly edited: readonly string[];
  readonly gone: readonly string[];
}

const names = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

t.test('a folder, and the same as tar, tar.gz and zip', async (t) => {
  const source = checkout(t);
  const place = dirname(source);
  execFileSync('tar', ['cf', join(place, 's.tar'), '-C', place, 'sigma-master']);
  execFileSync('tar', ['czf', join(place, 's.tar.gz'), '--format=gnu', '-C', place, 'sigma-master']);
  execFileSync('tar', ['czf', join(place, 's.tgz'), '--format=pax', '-C', place, 'sigma-master']);
  writeFileSync(join(place, 's.zip'), zipOf(filesOf(source)));
  const expected = await readSource(source);
  t.equal(expected.length, 7);
  const sorted = (files: typeof expected) =>
    files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()]).sort();
  for (const archive of ['s.tar', 's.tar.gz', 's.tgz', 's.zip'])
    t.same(sorted(await readSource(join(place, archive))), sorted(expected), archive);
});

t.test('filters, what was passed over and why; bytes stay as they are', async (t) => {
  const source = checkout(t);
  const out = join(tempFolder(t), 'out');
  const { summary } = vedetteJson<Report>(
    'rules',
    'import',
    source,
    '-o',
    out,
    '--product',
    'linux',
    '--only-fed',
  );
  t.match(summary, { rules: 3, added: 4, licences: 1, skipped: 3 });
  t.match(summary.byReason, { product: 1, 'not fed': 1 });
  t.equal(
    Object.values(summary.byReason).reduce((sum, n) => sum + n, 0),
    summary['skipped'],
  );
  t.equal(readFileSync(join(out, 'rules/linux/one.yml'), 'utf8'), rule(1));
  t.equal(readFileSync(join(out, 'LICENSE'), 'utf8'), 'Detection Rule License\n');
  const few = (...flags: string[]) => {
    const folder = join(tempFolder(t), 'few');
    vedettePassing('rules', 'import', source, '-o', folder, ...flags);
    return names(folder)
      .filter((name) => name.endsWith('.yml'))
      .map((name) => name.split('/').at(-1));
  };
  t.same(few('--level', 'low'), ['two.yml']);
  t.same(few('--status', 'experimental'), ['two.yml']);
  t.same(few('--tag', 'attack.t1059.003,attack.t1059.00?5'), ['three.yml']);
  t.equal(vedette('rules', 'import', source, '-o', out, '--level', 'urgent').status, 2);
  const none = vedette('rules', 'import', source, '-o', out, '--tag', 'no-such');
  t.equal(none.status, 1);
  t.match(none.stderr, 'rule.import_refused');
});

function vedettePassing(...args: string[]): void {
  const run = vedette(...args);
  if (run.status !== 0) throw new Error(run.stderr);
}

t.test('again: what changed is taken up, what was edited here stays and is told', async (t) => {
  const source = checkout(t);
  const out = join(tempFolder(t), 'out');
  const again = (...more: string[]) =>
    vedetteJson<Report>('rules', 'import', source, '-o', out, '--product', 'linux', ...more);
  again();
  t.match(again().summary, { added: 0, updated: 0, edited: 0 });
  writeFileSync(join(out, 'rules/linux/one.yml'), `${rule(1)}# ours\n`);
  writeFileSync(join(source, 'rules/linux/one.yml'), rule(1, { level: 'critical' }));
  writeFileSync(join(source, 'rules/linux/two.yml'), rule(2, { level: 'medium' }));
  execFileSync('rm', [join(source, 'rules/linux/four.yml')]);
  t.match(again('--dry-run').summary, { updated: 1, edited: 1 });
  t.match(readFileSync(join(out, 'rules/linux/two.yml'), 'utf8'), 'level: low', 'nothing was written');
  const report = again();
  t.match(report.summary, { added: 0, updated: 1, edited: 1, gone: 1 });
  t.same(report.edited, ['rules/linux/one.yml']);
  t.same(report.gone, ['rules/linux/four.yml']);
  t.match(readFileSync(join(out, 'rules/linux/one.yml'), 'utf8'), '# ours');
  t.match(readFileSync(join(out, 'rules/linux/two.yml'), 'utf8'), 'level: medium');
  t.ok(existsSync(join(out, 'rules/linux/four.yml')));
  t.match(again().summary, { updated: 0, edited: 1 }, 'edited still');
});

t.test('archives that mean harm are refused with a code, and nothing is written', async (t) => {
  const folder = tempFolder(t);
  const out = join(folder, 'out');
  const bomb = gzipSync(Buffer.alloc(600 << 20));
  const ruleBytes = Buffer.from(rule(1));
  const good = zipOf([['rules/a.yml', ruleBytes]]);
  const lying = Buffer.from(good);
  lying.writeUInt32LE(10, lying.indexOf(Buffer.from('PK\x01\x02')) + 24);
  const hostile: Readonly<Record<string, Uint8Array>> = {
    'up.tar': tarOf('../../up.yml', ruleBytes),
    'root.tar': tarOf('/etc/up.yml', ruleBytes),
    'back.tar': tarOf('..\\up.yml', ruleBytes),
    'cut.tar': tarOf('a.yml', ruleBytes).subarray(0, 700),
    'sum.tar': Buffer.concat([Buffer.from('x'), tarOf('a.yml', ruleBytes).subarray(1)]),
    'bomb.tar.gz': bomb,
    'text.tar.gz': Buffer.from('not gzip'),
    'up.zip': zipOf([['../up.yml', ruleBytes]]),
    'drive.zip': zipOf([['c:/up.yml', ruleBytes]]),
    'lying.zip': lying,
    'cut.zip': good.subarray(0, good.length - 30),
    'text.zip': Buffer.from('not a zip archive at all, only words'),
    'what.rar': Buffer.from('Rar!'),
  };
  for (const [name, bytes] of Object.entries(hostile)) {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    await t.rejects(readSource(path), { code: 'rule.import_refused' }, name);
  }
  const run = vedette('rules', 'import', join(folder, 'up.tar'), '-o', out);
  t.equal(run.status, 1);
  t.match(run.stderr, 'rule.import_refused');
  t.notOk(existsSync(out));
  await t.rejects(readSource(join(folder, 'none.zip')), { code: 'rule.import_refused' });
});

t.test('any bytes are read or refused', async () => {
  const folder = tempFolder(t);
  const good = [tarOf('rules/a.yml', Buffer.from(rule(1))), zipOf([['rules/a.yml', Buffer.from(rule(1))]])];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(0, 1),
      fc.array(fc.tuple(fc.nat({ max: 2000 }), fc.nat({ max: 255 })), { maxLength: 8 }),
      async (which, changes) => {
        const bytes = Buffer.from(good[which] as Buffer);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const path = join(folder, which === 0 ? 'x.tar' : 'x.zip');
        writeFileSync(path, bytes);
        try {
          return (await readSource(path)).every(({ path: name }) => !name.includes('..'));
        } catch (error) {
          return (error as { code?: string }).code === 'rule.import_refused';
        }
      },
    ),
    { numRuns: 300 },
  );
});

function filesOf(folder: string): (readonly [string, Buffer])[] {
  return names(folder).map((name) => [`sigma-master/${name}`, readFileSync(join(folder, name))]);
}

function tarOf(name: string, bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\0', 257);
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const filled = Buffer.alloc(Math.ceil(bytes.length / 512) * 512);
  filled.set(bytes);
  return Buffer.concat([header, filled, Buffer.alloc(1024)]);
}

function zipOf(files: readonly (readonly [string, Uint8Array])[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, bytes] of files) {
    const packed = deflateRawSync(bytes);
    const path = Buffer.from(name);
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(8, 4);
    shared.writeUInt32LE(crc32(bytes), 10);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(bytes.length, 18);
    shared.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, path, packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), shared, rest, path]));
    parts.push(local);
    at += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, central, end]);
}
