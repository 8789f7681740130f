import { Command, InvalidArgumentError } from 'commander';
import { agentVersionPattern, bundleNamePattern } from '#shared/bundle/index.ts';
import { bytes, print, printJson } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import { lifeSeconds, wholeNumber } from '../options.ts';

interface Options {
  readonly output: string;
  readonly bundleVersion: number;
  readonly name: string;
  readonly expires: string;
  readonly minAgentVersion: string;
  readonly starterPack: boolean;
  readonly forceUntested?: boolean;
  readonly root?: string;
  readonly json?: boolean;
}

const lifeOf = lifeSeconds(60, 3650 * 86_400);

/** `90d`, or an instant. Gives ISO 8601. */
export function endOf(text: string): string {
  if (/^\d+[smhd]$/.test(text)) {
    const untilMs = Date.now() + lifeOf(text) * 1000;
    // To the day, so that building twice in a row gives the same bundle.
    return new Date(Math.ceil(untilMs / 86_400_000) * 86_400_000).toISOString();
  }
  const at = new Date(text);
  if (Number.isNaN(at.getTime()))
    throw new InvalidArgumentError('It must be like 90d or 2026-12-31T00:00:00Z.');
  return at.toISOString();
}

export function matching(pattern: RegExp, like: string): (text: string) => string {
  return (text) => {
    if (pattern.test(text)) return text;
    throw new InvalidArgumentError(`It must be like ${like}.`);
  };
}

/** Options that say what a bundle is, wherever it is built. */
export function addBundleOptions(command: Command): Command {
  return command
    .option('--name <name>', 'of the bundle', matching(bundleNamePattern, 'rules'), 'rules')
    .option('--expires <time>', 'how long it may be taken up, e.g. 90d, or until when', endOf, endOf('90d'))
    .option(
      '--min-agent-version <version>',
      'least version of agents that take it',
      matching(agentVersionPattern, '0.1.0'),
      '0.1.0',
    )
    .option('--no-starter-pack', 'leave out the rules that come with Vedette')
    .option('--force-untested', 'take rules without tests too; they are marked');
}

async function build(folder: string, options: Options): Promise<void> {
  const { buildBundle, digestOf, encodeBundle } = await import('#shared/bundle/index.ts');
  const { bundledFiles, checkSource } = await import('../../bundles/check.ts');
  const { demandSound } = await import('../../bundles/demand-sound.ts');
  const { readSource, withStarterPack } = await import('../../bundles/source.ts');
  const { readRootFile, writeBytes } = await import('../rules/files.ts');
  const own = await readSource(folder);
  const source = options.starterPack ? await withStarterPack(own) : own;
  const checked = await checkSource(source);
  demandSound(checked, options.forceUntested === true);
  const { untested, tests, rules } = checked;
  const { bundleVersion: version, name, minAgentVersion } = options;
  const expiresAt = new Date(options.expires).getTime() * 1000;
  const facts = { ...{ name, version, expiresAt, minAgentVersion }, untested, tests };
  const roots = options.root === undefined ? [] : [readRootFile(options.root)];
  const bundle = buildBundle(bundledFiles(source, checked), facts, roots);
  const encoded = encodeBundle(bundle);
  writeBytes(options.output, encoded);
  const { expires } = options;
  const made = {
    ...{ version, name, digest: digestOf(bundle), rules, untested, expiresAt: expires },
    sizeBytes: encoded.length,
  };
  if (options.json) printJson({ ...made, output: options.output });
  else {
    print(
      printable(
        `${options.output}: bundle ${version} "${name}", ${rules} rules, ${bytes(encoded.length)}, until ${expires}`,
      ),
    );
    print(`digest ${made.digest}`);
    if (untested.length > 0) print(printable(`marked as untested: ${untested.join(', ')}`));
    print('Nobody has signed it yet: vedette rules sign');
  }
}

export function rulesBuildCommand(): Command {
  const command = new Command('build')
    .description('check and test a folder of rules and build a bundle of it, to be signed')
    .argument('<folder>', 'of rules')
    .requiredOption('--output <file>', 'the bundle')
    .requiredOption(
      '--bundle-version <n>',
      'higher than that of any bundle before',
      wholeNumber(1, Number.MAX_SAFE_INTEGER),
    );
  return addBundleOptions(command)
    .option('--root <file>', 'put a root into it, for agents that trust an older one')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Takes rules/, pipelines/, lists/, indicators/, settings/ and responses/ of the folder; where it has no rules/, every
rule below it. Beside each rule stands its test, NAME.test.yml, with events that hit and events that nearly do; tests
are run, and stay outside. The same folder gives the same bytes. Needs no collector.`,
    )
    .action(build);
}
