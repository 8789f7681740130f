/** What a real collector offers its hosts, while roots change under the bundle in force. */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import {
  decodeBundle,
  decodeDocument,
  encodeBundle,
  encodeDocument,
  generateKey,
  keyIdOf,
  publicKeyOf,
  readRoot,
  rootJson,
  unsigned,
  withSignature,
} from '#shared/bundle/index.ts';
import type { RootJson } from '../../../collector/api/json/bundle.ts';
import { sourceBundle, userRule } from '../../rule-folder.ts';
import { startTestCollector } from '../start.ts';

t.test('hosts are offered the bundle in force as long as they would take it', async (t) => {
  const { collector, client } = await startTestCollector(t);
  const { desiredBundles } = collector;
  const offered = () => desiredBundles.of('any')?.version;
  t.equal(offered(), undefined, 'nothing was pushed');
  const trusted = async () => (await client.get<RootJson>('/rules/root')).document;
  const first = decodeDocument(Buffer.from(await trusted()), 'the root');
  t.same(desiredBundles.root, encodeDocument(first));

  const source = sourceBundle({ 'rules/a.yml': userRule('a', 'eve') });
  await client.call('POST', '/rules/bundles/build', { force: 'true' }, source);
  t.equal(offered(), undefined, 'it is kept, not in force');
  await client.call('POST', '/rules/bundles/1/activate', {}, {});
  t.equal(offered(), 1);

  const key = generateKey();
  const publicKey = publicKeyOf(key);
  const role = { keyIds: [keyIdOf(publicKey)], threshold: 1 };
  const next = rootJson({
    ...readRoot(first.signed),
    version: 2,
    keys: { [keyIdOf(publicKey)]: { publicKey, name: 'away', isOnline: false } },
    roles: { root: role, signing: role, expiry: role },
  });
  const document = Buffer.from(encodeDocument(withSignature(unsigned(next), 'root', key))).toString();
  await client.call('POST', '/rules/root', {}, { document });
  while (offered() !== undefined) await sleep(10);
  t.same(Buffer.from(desiredBundles.root ?? []).toString(), await trusted(), 'the new root at once');

  const kept = decodeBundle(await client.download('/rules/bundles/1/content'));
  const manifest = withSignature(kept.manifest, 'signing', key);
  const statement = withSignature(kept.statement!, 'expiry', key);
  const resigned = encodeBundle({ ...kept, manifest, statement });
  await client.call('POST', '/rules/bundles', {}, resigned);
  while (offered() !== 1) await sleep(10);
  t.equal(decodeBundle(desiredBundles.of('any')!.bytes).manifest.signatures.length, 2);
});
