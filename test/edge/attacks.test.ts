/** Attacks on the update path of a live agent, by a collector with the right TLS identity. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pack } from 'msgpackr';
import t, { type Test } from 'tap';
import { canonicalText, type JsonObject } from '#shared/bundle/canonical.ts';
import { digestOf, encodeBundle, encodeDocument, statementJson, unsigned } from '#shared/bundle/index.ts';
import { nowUs } from '#shared/clock.ts';
import type { ErrorCode } from '#shared/errors.ts';
import { bundlePartBytes, maxFrameBytes } from '#shared/protocol/frames.ts';
import { emptyDisk, fillDisk, MemoryDisk, noDisksBecause } from '../faults/disks.ts';
import {
  bundleOf,
  day,
  firstRoles,
  type Made,
  role,
  root1,
  rootOfKeys,
  signed,
  signedRoot,
} from '../shared/bundle/scene.ts';
import { act, offerOf, openScene, rootBytes, ruleOf, runAgent, until } from './edge-scene.ts';
import { HostileCollector, junk, type PartFrame, partsOf, type RulesFrame } from './hostile-collector.ts';

const ruleId = 'a2000000-0000-4000-8000-000000000001';
const word = 'edge-attack-act';
const texts = { 'rules/word.yml': ruleOf(word, ruleId) };
/** In force all the time; what attackers have besides are bundles of before. */
const good = offerOf(texts, 5);
const earlier = offerOf(texts, 4);

/** A bundle that is sound and newer, but for what is given. */
const evil = (made: Partial<Made> = {}): Uint8Array =>
  offerOf(made.texts ?? texts, made.facts?.version ?? 6, {
    ...made,
    statement: { version: 20, ...made.statement },
  }).bytes;

function withManifest(change: (manifest: Record<string, unknown>) => void): Uint8Array {
  const bundle = bundleOf({ texts, facts: { version: 6 } });
  const manifest = JSON.parse(bundle.manifest.signed) as Record<string, unknown>;
  change(manifest);
  const document = { signed: canonicalText(manifest as JsonObject), signatures: [] };
  const again = signed(document, 'signing', ['sign1', 'sign2']);
  const said = { version: 20, bundleVersion: 6, expiresAt: nowUs() + day, rollbackFrom: 0 };
  const statement = unsigned(statementJson({ ...said, digest: digestOf({ manifest: again }) }));
  return encodeBundle({ ...bundle, manifest: again, statement: signed(statement, 'expiry', ['expiry1']) });
}

const stranger = signedRoot(
  rootOfKeys(1, {
    root: role(['stranger'], 1),
    signing: role(['stranger'], 1),
    expiry: role(['stranger'], 1),
  }),
  ['stranger'],
);
const second = rootOfKeys(2, { ...firstRoles, root: role(['root1', 'root3'], 2) });
const ended = rootOfKeys(2, firstRoles, nowUs() - day);
const other = bundleOf({ texts, facts: { version: 6, name: 'other' } });
const sound = () => bundleOf({ texts, facts: { version: 6 }, statement: { version: 20 } });
const fiveParts = junk(4 * bundlePartBytes + 1000);
const parts = partsOf(fiveParts);
const changed = (at: number, more: Partial<PartFrame>) =>
  parts.map((part, i) => (i === at ? { ...part, ...more } : part));

const withBytes: readonly (readonly [name: string, bytes: () => Uint8Array, code: ErrorCode])[] = [
  ['no bytes of a bundle', () => junk(100), 'bundle.malformed'],
  ['no signature', () => evil({ signers: [] }), 'bundle.signature'],
  ['one signature of two', () => evil({ signers: ['sign1'] }), 'bundle.signature'],
  ['signed by strangers', () => evil({ signers: ['stranger', 'sign4'] }), 'bundle.signature'],
  ['signed by keys of another role', () => evil({ signers: ['expiry1', 'root1'] }), 'bundle.signature'],
  ['no statement', () => encodeBundle({ ...sound(), statement: null }), 'bundle.statement_missing'],
  ['a stranger says it is the one to run', () => evil({ expiry: ['stranger'] }), 'bundle.signature'],
  [
    'the statement has expired',
    () => evil({ statement: { expiresAt: nowUs() - 1 } }),
    'bundle.statement_expired',
  ],
  ['the bundle has expired', () => evil({ facts: { version: 6, expiresAt: nowUs() - 1 } }), 'bundle.expired'],
  [
    'its root has expired',
    () => evil({ roots: [root1, signedRoot(ended, ['root1', 'root2'])] }),
    'bundle.root_expired',
  ],
  ['the bundle before, replayed', () => earlier.bytes, 'bundle.statement_older'],
  ['an older one with a new statement', () => evil({ facts: { version: 3 } }), 'bundle.older'],
  [
    'a decision to go back from before',
    () => evil({ facts: { version: 3 }, statement: { rollbackFrom: 4 } }),
    'bundle.older',
  ],
  ['an old statement on a new bundle', () => evil({ statement: { version: 1 } }), 'bundle.statement_older'],
  [
    'another bundle of the same version',
    () => evil({ facts: { version: 5, name: 'twin' } }),
    'bundle.version_reused',
  ],
  [
    'the root of somebody else',
    () => evil({ roots: [stranger], signers: ['stranger'], expiry: ['stranger'] }),
    'bundle.root_unknown',
  ],
  ['no root', () => evil({ roots: [] }), 'bundle.root_unknown'],
  [
    'half a rotation, old keys',
    () => evil({ roots: [root1, signedRoot(second, ['root1', 'root2'])] }),
    'bundle.root_rotation',
  ],
  [
    'half a rotation, new keys',
    () => evil({ roots: [root1, signedRoot(second, ['root1', 'root3'])] }),
    'bundle.root_rotation',
  ],
  [
    'a root left out',
    () => evil({ roots: [root1, signedRoot({ ...second, version: 3 }, ['root1', 'root2', 'root3'])] }),
    'bundle.malformed',
  ],
  [
    'the manifest of another bundle',
    () => encodeBundle({ ...sound(), manifest: other.manifest }),
    'bundle.mixed',
  ],
  [
    'the statement of another bundle',
    () => encodeBundle({ ...sound(), statement: other.statement }),
    'bundle.mixed',
  ],
  [
    'a file swapped',
    () => encodeBundle({ ...sound(), content: Buffer.from(sound().content).fill(0x41, 0, 5) }),
    'bundle.file_changed',
  ],
  ['cut short', () => evil().subarray(0, -7), 'bundle.truncated'],
  ['cut in its head', () => evil().subarray(0, 40), 'bundle.truncated'],
  ['longer than it is', () => Buffer.concat([evil(), junk(9)]), 'bundle.malformed'],
  [
    'a file that would lie elsewhere',
    () =>
      withManifest((m) => {
        (m['files'] as { path: string }[])[0]!.path = '../../../etc/cron.d/x';
      }),
    'bundle.path',
  ],
  [
    'of a form to come',
    () =>
      withManifest((m) => {
        m['format'] = 9;
      }),
    'bundle.format_newer',
  ],
  [
    'for agents to come',
    () => evil({ facts: { version: 6, minAgentVersion: '99.0.0' } }),
    'bundle.agent_older',
  ],
  [
    'a rule that is none',
    () => evil({ texts: { 'rules/x.yml': 'title: X\ndetection: 7\n' } }),
    'bundle.rules_refused',
  ],
  [
    'settings of no sensor',
    () => evil({ texts: { ...texts, 'settings/sensors.json': '{"proxy":"http://evil"}' } }),
    'bundle.settings_refused',
  ],
  [
    'settings out of range',
    () => evil({ texts: { ...texts, 'settings/sensors.json': '{"processIntervalMs":-1}' } }),
    'bundle.settings_refused',
  ],
];

const withParts: readonly (readonly [name: string, frames: readonly PartFrame[], code: ErrorCode])[] = [
  ['parts out of order', [parts[0]!, parts[2]!, parts[1]!], 'bundle.offer_broken'],
  ['the first part missing', [partsOf(junk(3 * bundlePartBytes))[1]!], 'bundle.offer_broken'],
  ['a part twice', [parts[0]!, parts[1]!, parts[1]!], 'bundle.offer_broken'],
  ['a part of nothing', changed(1, { data: new Uint8Array() }), 'bundle.offer_broken'],
  ['a part that is short', changed(1, { data: junk(10) }), 'bundle.offer_broken'],
  ['a size that grows', changed(1, { sizeBytes: 1 << 24 }), 'bundle.offer_broken'],
  ['other bytes than announced', changed(4, { data: junk(1000) }), 'bundle.offer_broken'],
  [
    'endless parts',
    [...parts, ...Array.from({ length: 20 }, (_, n) => ({ ...parts[0]!, index: 5 + n }))],
    'bundle.malformed',
  ],
  [
    'two offers at once',
    [parts[0]!, ...partsOf(junk(bundlePartBytes * 2)).slice(0, 1), parts[1]!],
    'bundle.offer_broken',
  ],
  ['a size beyond all bounds', [{ ...parts[0]!, sizeBytes: 2 ** 45 }], 'bundle.too_large'],
  ['a size just beyond the bound', [{ ...parts[0]!, sizeBytes: (1 << 24) + 1 }], 'bundle.too_large'],
];

t.test('every attack is refused by its code, and the last good rules go on', async (t) => {
  const scene = await openScene(t, {}, {}, 'later');
  await scene.site.collector.close();
  const port = Number(scene.site.collector.agents.split(':').at(-1));
  const hostile = await HostileCollector.start(t, scene.site.folder, port);
  const agent = await runAgent(t, scene.data);

  await hostile.says(0, ({ status }) => status === 'none', 'no rules yet');
  hostile.send(...partsOf(earlier.bytes));
  await hostile.says(0, ({ code }) => code === 'bundle.no_root', 'it trusts nobody');
  hostile.send({ kind: 'root', root: junk(50) });
  await hostile.says(0, ({ code }) => code === 'bundle.malformed', 'that is no root');
  hostile.send({ kind: 'root', root: rootBytes }, ...partsOf(earlier.bytes));
  await hostile.says(0, ({ digest }) => digest === earlier.digest, 'the bundle before is in force');
  hostile.send(...partsOf(good.bytes));
  await hostile.says(0, ({ digest }) => digest === good.digest, 'the good bundle is in force');

  async function attack(t: Test, name: string, frames: readonly PartFrame[], code: ErrorCode): Promise<void> {
    await t.test(name, async (t) => {
      const [said, alerts] = [hostile.said.length, hostile.alerts.length];
      const before = hostile.said.at(-1)?.since;
      hostile.send(...frames);
      // With its pings an agent repeats the refusal before.
      const isNew = (frame: RulesFrame) => frame.code !== '' && frame.since !== before;
      const answer = await hostile.says(said, isNew, code);
      t.match(answer, { digest: good.digest, version: 5, status: 'in-force', code });
      await act(word);
      await hostile.says(0, () => hostile.alerts.length > alerts, 'an alert');
      t.match(hostile.alerts.slice(alerts), [{ 'rule.id': ruleId, 'rule.ruleset': good.digest }]);
    });
  }
  for (const [name, bytes, code] of withBytes) await attack(t, name, partsOf(bytes()), code);
  for (const [name, frames, code] of withParts) await attack(t, name, frames, code);

  await t.test('another root is not trusted in place of the first', async (t) => {
    hostile.send({ kind: 'root', root: encodeDocument(stranger) });
    const bytes = evil({ roots: [stranger], signers: ['stranger'], expiry: ['stranger'] });
    await attack(t, 'a bundle under it', partsOf(bytes), 'bundle.root_unknown');
  });

  await t.test('frames that are none end the connection, and the next one is as good', async (t) => {
    const frames: readonly Uint8Array[] = [
      junk(maxFrameBytes + 1),
      junk(1000),
      Buffer.from(JSON.stringify(partsOf(evil())[0])),
      pack({ kind: 'bundle', offer: 7, version: -1, sizeBytes: 'x', index: 0, data: [] }),
      pack({ kind: 'unbundle' }),
    ];
    for (const frame of frames) {
      const { connections } = hostile;
      hostile.sendRaw(frame);
      await until(() => hostile.connections > connections, 'it connects again');
      await hostile.says(hostile.said.length, ({ digest }) => digest === good.digest, 'the good bundle');
    }
    t.pass();
  });

  await t.test('a connection cut midway leaves nothing behind; the next offer begins anew', async (t) => {
    const { connections } = hostile;
    hostile.send(...parts.slice(0, 3));
    hostile.cut();
    await until(() => hostile.connections > connections, 'it connects again');
    await hostile.says(hostile.said.length, ({ digest }) => digest === good.digest, 'the good bundle');
    await attack(t, 'the rest of the parts', parts.slice(3), 'bundle.offer_broken');
  });

  await t.test('offers begun and never ended take the memory of one', async (t) => {
    const large = junk(bundlePartBytes);
    for (let n = 0; n < 200; n++) {
      const id = createHash('sha256').update(String(n)).digest('hex');
      hostile.send(...partsOf(large, { offer: id, sizeBytes: 1 << 24 }));
    }
    await attack(t, 'and then nonsense', partsOf(junk(10)), 'bundle.malformed');
    const rss =
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${agent.child.pid}/status`, 'utf8'))?.[1]) / 1024;
    t.comment(`agent at ${rss.toFixed(0)} MiB after 200 offers of 16 MiB`);
    t.ok(rss < 400, 'far below what was offered');
  });

  await t.test('killed in the middle of switches, it comes back with one of both', async (t) => {
    await agent.kill('SIGKILL');
    let digests = [good.digest];
    for (let n = 0; n < 8; n++) {
      const next = offerOf(texts, 100 + n);
      const run = await runAgent(t, scene.data);
      const first = await hostile.says(hostile.said.length, ({ status }) => status !== '', 'it is back');
      t.ok(digests.includes(first.digest), 'the one before or the one it was switching to');
      hostile.send(...partsOf(next.bytes));
      await sleep(n * 60);
      await run.kill('SIGKILL');
      digests = [first.digest, next.digest];
    }
    const alerts = hostile.alerts.length;
    const run = await runAgent(t, scene.data);
    await hostile.says(hostile.said.length, ({ digest }) => digests.includes(digest), 'it is back');
    await act(word);
    await until(() => hostile.alerts.length > alerts, 'an alert');
    await run.kill('SIGTERM');
  });
});

t.test('what is kept may be damaged: the one before runs, or none, and it is said', async (t) => {
  const scene = await openScene(t);
  await scene.site.collector.close();
  const port = Number(scene.site.collector.agents.split(':').at(-1));
  const hostile = await HostileCollector.start(t, scene.site.folder, port);
  const run = await runAgent(t, scene.data);
  const folder = join(scene.agentFolder, 'bundle');
  for (const offer of [earlier, good]) {
    await until(() => hostile.said.length > 0, 'it is there');
    hostile.send(...partsOf(offer.bytes));
    await hostile.says(0, ({ digest }) => digest === offer.digest, 'in force');
  }
  t.equal(statSync(folder).mode & 0o777, 0o700);
  for (const name of readdirSync(folder)) t.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
  await run.kill('SIGKILL');

  async function damaged(name: string, file: string, expected: Partial<RulesFrame>): Promise<void> {
    await t.test(name, async (t) => {
      const bytes = readFileSync(join(folder, file));
      const half = Buffer.from(bytes.subarray(0, bytes.length - 9));
      writeFileSync(join(folder, file), half);
      const said = hostile.said.length;
      const again = await runAgent(t, scene.data);
      const first = await hostile.says(said, () => true, 'it is back');
      t.match(first, expected);
      await again.kill('SIGKILL');
    });
  }
  await damaged('the last', `${good.digest}.bundle`, {
    ...{ status: 'previous', digest: earlier.digest, code: 'bundle.kept_damaged' },
  });
  await damaged('both', `${earlier.digest}.bundle`, {
    status: 'none',
    digest: '',
    code: 'bundle.kept_damaged',
  });

  await t.test('the bundle offered again mends it', async (t) => {
    const said = hostile.said.length;
    const again = await runAgent(t, scene.data);
    await hostile.says(said, () => true, 'it is back');
    hostile.send(...partsOf(good.bytes));
    const mended = await hostile.says(said, ({ digest }) => digest === good.digest, 'in force');
    t.match(mended, { status: 'in-force', code: '' });
    await again.kill('SIGKILL');
  });

  await damaged('what it trusts', 'kept.json', { status: 'none', digest: '', code: 'data.corrupt' });
});

t.test('a full disk: the bundle is not kept, the one before goes on', async (t) => {
  const reason = noDisksBecause();
  if (reason !== undefined) {
    t.comment(reason);
    return;
  }
  const scene = await openScene(t);
  await scene.site.collector.close();
  const disk = new MemoryDisk(join(scene.agentFolder, 'bundle'), 1);
  t.teardown(() => disk.remove());
  const port = Number(scene.site.collector.agents.split(':').at(-1));
  const hostile = await HostileCollector.start(t, scene.site.folder, port);
  const run = await runAgent(t, scene.data);
  await until(() => hostile.said.length > 0, 'it is there');
  hostile.send(...partsOf(good.bytes));
  await hostile.says(0, ({ digest }) => digest === good.digest, 'in force');
  fillDisk(disk.folder);
  const next = offerOf(texts, 6);
  hostile.send(...partsOf(next.bytes));
  const answer = await hostile.says(0, ({ code }) => code !== '', 'refused');
  t.match(answer, { code: 'bundle.not_kept', digest: good.digest, status: 'in-force' });
  await act(word);
  await until(() => hostile.alerts.length > 0, 'an alert');
  emptyDisk(disk.folder);
  hostile.send(...partsOf(next.bytes));
  await hostile.says(0, ({ digest }) => digest === next.digest, 'in force once there is room');
  await run.kill('SIGTERM');
});
