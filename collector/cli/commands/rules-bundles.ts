import { Command } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { bytes, print, printJson, printTable, shortTime } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { BundleJson, BundleListJson, ListedBundleJson, RootJson } from '../../api/json/bundle.ts';
import type { RolloutJson } from '../../api/json/rollout.ts';
import type { Client } from '../client.ts';
import { addQueryOptions, clientOf, lifeSeconds, type QueryOptions, wholeNumber } from '../options.ts';
import { isFolder, readBytes, writeBytes } from '../rules/files.ts';
import { addBundleOptions } from './rules-build.ts';
import { printRollout, type RolloutListJson, rolloutUnderWay } from './rules-rollout.ts';

/** To compile and test thousands of rules. */
const patienceMs = 600_000;
const version = wholeNumber(1, Number.MAX_SAFE_INTEGER);

interface InForce {
  readonly inForce: BundleListJson['inForce'];
}

async function list(options: QueryOptions): Promise<void> {
  const client = clientOf(options);
  const [bundles, root] = [
    await client.get<BundleListJson>('/rules/bundles'),
    await client.get<RootJson>('/rules/root'),
  ];
  if (options.json) {
    printJson({
      ...bundles,
      root: { version: root.version, expiresAt: root.expiresAt, online: root.online },
    });
    return;
  }
  const { inForce } = bundles;
  printTable<ListedBundleJson>(
    [
      { title: 'bundle', of: (b) => String(b.version), align: 'right' },
      { title: '', of: (b) => (b.version === inForce?.version ? 'in force' : '') },
      { title: 'name', of: (b) => b.name, flexible: true },
      { title: 'files', of: (b) => String(b.files), align: 'right' },
      { title: 'size', of: (b) => bytes(b.sizeBytes), align: 'right' },
      { title: 'untested', of: (b) => String(b.untested), align: 'right' },
      { title: 'expires', of: (b) => shortTime(b.expiresAt) },
      { title: 'added', of: (b) => `${shortTime(b.addedAt)} by ${b.addedBy}` },
      { title: 'digest', of: (b) => b.digest.slice(0, 16) },
    ],
    bundles.items,
    'No bundle was pushed.',
  );
  if (inForce === null) print('In force: the starter pack and rules/ of the data folder (bundle 0).');
  else
    print(
      `In force: bundle ${inForce.version} since ${shortTime(inForce.at)}; rules/ of the data folder is set aside.`,
    );
  if (bundles.refusedWith !== null)
    print(
      `Agents refuse the bundle in force: ${bundles.refusedWith}. Sign and push it, or the next one, anew.`,
    );
  const online =
    root.online.length > 0
      ? `online keys, on this collector, for ${root.online.join(', ')}`
      : 'no online keys';
  print(`Root ${root.version}: ${online}.`);
}

interface PushOptions extends QueryOptions {
  readonly name: string;
  readonly expires: string;
  readonly minAgentVersion: string;
  readonly starterPack: boolean;
  readonly forceUntested?: boolean;
  readonly reason?: string;
  readonly activate: boolean;
  readonly stages?: readonly string[];
  readonly soak?: number;
  readonly expectAlerts?: number;
  readonly now?: boolean;
}

/** A folder as a bundle that nobody signed: version and tests are for the collector to say. */
async function sourceOf(folder: string, options: PushOptions): Promise<Uint8Array> {
  const { buildBundle, encodeBundle } = await import('#shared/bundle/index.ts');
  const { readSource, withStarterPack } = await import('../../bundles/source.ts');
  const own = await readSource(folder);
  const files = options.starterPack ? await withStarterPack(own) : own;
  const facts = { name: options.name, version: 1, expiresAt: 0, minAgentVersion: options.minAgentVersion };
  return encodeBundle(buildBundle(files, { ...facts, untested: [], tests: [] }));
}

async function upload(path: string, client: Client, options: PushOptions): Promise<BundleJson> {
  if (!isFolder(path))
    return await client.call<BundleJson>('POST', '/rules/bundles', {}, readBytes(path), patienceMs);
  const { name, minAgentVersion, expires, forceUntested } = options;
  const query = { name, minAgentVersion, expiresAt: expires, force: String(forceUntested === true) };
  const source = await sourceOf(path, options);
  return (
    await client.call<{ bundle: BundleJson }>('POST', '/rules/bundles/build', query, source, patienceMs)
  ).bundle;
}

/** The first few of many. */
function fewOf(files: readonly string[]): string {
  const more = files.length > 5 ? ` and ${files.length - 5} more` : '';
  return `${files.slice(0, 5).join(', ')}${more}`;
}

async function push(path: string, options: PushOptions): Promise<void> {
  const client = clientOf(options);
  const bundle = await upload(path, client, options);
  if (options.activate && !options.now) {
    const rollout = await startRollout(client, bundle.version, options);
    if (rollout !== undefined) {
      if (options.json) printJson({ bundle, rollout });
      else printRollout(rollout);
      return;
    }
  }
  const { inForce } = options.activate
    ? await activate(client, bundle.version, options.reason, false)
    : { inForce: null };
  if (options.json) {
    printJson({ bundle, inForce });
    return;
  }
  const { untestedFiles } = bundle;
  if (untestedFiles.length > 0) print(printable(`marked as untested: ${fewOf(untestedFiles)}`));
  const state = inForce === null ? 'is kept' : `is in force since ${shortTime(inForce.at)}`;
  print(`Bundle ${bundle.version} with ${bundle.files} files ${state}; digest ${bundle.digest}`);
}

/** Undefined where neither the command nor the collector says that there are stages. */
async function startRollout(
  client: Client,
  of: number,
  { stages, soak, expectAlerts }: PushOptions,
): Promise<RolloutJson | undefined> {
  const { usual } = await client.get<RolloutListJson>('/rules/rollouts');
  if (stages === undefined && usual.stages.length === 0 && !usual.needsApproval) return undefined;
  const body = { version: of, stages, soakS: soak, expectedAlertsPerHour: expectAlerts };
  return await client.call<RolloutJson>('POST', '/rules/rollouts', {}, body, patienceMs);
}

function activate(
  client: Client,
  of: number,
  reason: string | undefined,
  rollback: boolean,
): Promise<InForce> {
  return client.call<InForce>('POST', `/rules/bundles/${of}/activate`, {}, { reason, rollback }, patienceMs);
}

async function putInForce(
  of: number,
  options: QueryOptions & { readonly reason?: string },
  rollback: boolean,
): Promise<void> {
  const answer = await activate(clientOf(options), of, options.reason, rollback);
  if (options.json) printJson(answer);
  else print(`Bundle ${of} is in force.`);
}

/** Of a rollout that is under way, its hosts; else everyone. */
async function rollback(
  to: number | undefined,
  options: QueryOptions & { readonly reason?: string },
): Promise<void> {
  const client = clientOf(options);
  const running = to === undefined ? await rolloutUnderWay(client) : undefined;
  if (running !== undefined) {
    const { reason } = options;
    const path = `/rules/rollouts/${running.id}/rollback`;
    const back = await client.call<RolloutJson>('POST', path, {}, { reason }, patienceMs);
    if (options.json) printJson(back);
    else printRollout(back);
    return;
  }
  await putInForce(to ?? (await versionBefore(clientOf(options))), options, true);
}

/** The version that was in force before the one of now. */
async function versionBefore(client: Client): Promise<number> {
  const { inForce, switches, items } = await client.get<BundleListJson>('/rules/bundles');
  const isKept = (one: number) => items.some((bundle) => bundle.version === one);
  const before = switches.find((one) => one.version < (inForce?.version ?? 0) && isKept(one.version));
  if (before !== undefined) return before.version;
  throw new VedetteError('api.not_found', 'No older bundle was in force before this one.');
}

async function exportBundle(
  options: QueryOptions & { readonly output: string; readonly bundleVersion?: number },
): Promise<void> {
  const client = clientOf(options);
  const { inForce } = await client.get<BundleListJson>('/rules/bundles');
  const of = options.bundleVersion ?? inForce?.version;
  if (of === undefined) throw new VedetteError('api.not_found', 'No bundle is in force: push one first.');
  const content = await client.download(`/rules/bundles/${of}/content`);
  writeBytes(options.output, content);
  if (options.json) printJson({ version: of, output: options.output, sizeBytes: content.length });
  else print(printable(`${options.output}: bundle ${of}, ${bytes(content.length)}`));
}

const addReason = (command: Command) => command.option('--reason <text>', 'why, for the audit log');

export function rulesBundleCommands(): readonly Command[] {
  const bundles = addQueryOptions(
    new Command('bundles').description('bundles the collector keeps, and which is in force'),
  );
  const pushing = addReason(
    addQueryOptions(
      new Command('push').description(
        'give the collector a bundle, or a folder to build one of, and put it in force',
      ),
    ),
  );
  const back = addReason(
    addQueryOptions(new Command('rollback').description('go back to an older bundle, on purpose')),
  ).argument('[version]', 'of the bundle (default: the one in force before)', version);
  const forth = addReason(
    addQueryOptions(new Command('activate').description('put a bundle in force that is kept')),
  ).argument('<version>', 'of the bundle', version);
  const out = addQueryOptions(
    new Command('export').description('write a bundle into a file, to carry it elsewhere'),
  );
  return [
    bundles.action(list),
    addBundleOptions(pushing)
      .argument('<path>', 'a bundle, or a folder of rules')
      .option('--no-activate', 'keep it, but do not put it in force')
      .option('--stages <stages...>', 'bring it to hosts in stages, e.g. web-1 25% everyone')
      .option(
        '--soak <time>',
        'how long each stage is watched, e.g. 10m (default: rolloutSoakS)',
        lifeSeconds(0, 2_592_000),
      )
      .option('--expect-alerts <n>', 'alerts of a host in an hour that a backtest found', Number)
      .option('--now', 'put it in force for everyone at once, whatever stages are usual')
      .addHelpText(
        'after',
        `
A folder is checked, tested, built and signed by the collector with its own keys, as long as the root has them
(vedette rules root); the starter pack goes with it unless told. The bundle takes the place of all rules before it.

With stages (or the setting rolloutStages) the hosts of each stage run it for a while before the next begins, and it goes
back by itself where it fails, floods or costs too much: see \`vedette rules rollout\`.`,
      )
      .action(push),
    forth.action((of: number, options) => putInForce(of, options, false)),
    back.action(rollback),
    out
      .requiredOption('--output <file>', 'the file')
      .option('--bundle-version <n>', 'of the bundle (default: the one in force)', version)
      .action(exportBundle),
  ];
}
