/** How detectors are set, which rules ask for them, and where they run. */
import t from 'tap';
import { createDetector } from '#shared/detect/detector.ts';
import { parametersOf } from '#shared/detect/detectors/parameters.ts';
import { detectorSpecs } from '#shared/detect/detectors/registry.ts';
import { isDetectorFile, readDetectorSettings } from '#shared/detect/detectors/settings.ts';
import { onHost } from '#shared/detect/on-host.ts';
import { finding } from '#shared/events/finding.ts';
import { rulesFromFiles } from '#shared/rules/from-files.ts';
import { onlyRule, rulesOn } from './stream.ts';

const beacon = detectorSpecs.find(({ name }) => name === 'beacon')!;
const read = (...texts: readonly string[]) =>
  readDetectorSettings(
    texts.map((text, i) => ({ file: `detectors/${i}.yml`, text })),
    detectorSpecs,
  );

t.test('a later file wins, number by number; the others are as usual', async (t) => {
  const { settings, problems } = read(
    'detector: beacon\nparameters:\n  beats: 10\n  burst_s: 3\n',
    'detector: beacon\ndescription: more\nparameters:\n  beats: 12\n',
  );
  t.strictSame(problems, []);
  t.match(parametersOf(beacon, settings), { beats: 12, burst_s: 3, shortest_s: 5 });
});

t.test('what does not fit is refused with its place, and the file as a whole is left', async (t) => {
  for (const [text, why, line] of [
    ['detector: nonesuch\n', /no detector nonesuch; there are beacon/, 1],
    ['parameters: {}\n', /no detector named/, 1],
    ['detector: beacon\nparameters:\n  beats: 12\n  nonesuch: 1\n', /no parameter nonesuch/, 4],
    ['detector: beacon\nparameters:\n  beats: many\n', /beats is not a number/, 3],
    ['detector: beacon\nparameters:\n  beats: 1000\n', /beats is 1000; it may be 4 to 33/, 3],
    ['detector: beacon\nparameters: 7\n', /not a map/, 2],
    ['detector: beacon\nstray: 7\n', /`stray` is none of/, 2],
    ['detector: beacon\nparameters:\n  constructor: 7\n', /no parameter constructor/, 3],
    ['- 1\n', /not a map/, 1],
    [': : :\n\t', /./, 1],
  ] as const) {
    const { settings, problems } = read(text);
    t.match(problems[0]?.message, why, text);
    t.equal(problems[0]?.line, line, text);
    t.equal(settings.size, 0, text);
  }
});

t.test('files by their folder', async (t) => {
  for (const path of ['detectors/beacon.yml', '/a/detectors/b.yaml', 'C:\\x\\detectors\\b.yml'])
    t.ok(isDetectorFile(path), path);
  for (const path of ['rules/beacon.yml', 'detectors/x/y.yml', 'detectors/beacon.txt', 'mydetectors/b.yml'])
    t.notOk(isDetectorFile(path), path);
});

t.test('a bundle sets them', async (t) => {
  const files = new Map([
    ['rules/a.yml', Buffer.from(onlyRule('beacon'))],
    ['detectors/beacon.yml', Buffer.from('detector: beacon\nparameters:\n  beats: 20\n')],
    ['detectors/bad.yml', Buffer.from('detector: nonesuch\n')],
  ]);
  const { ruleSet, problems } = rulesFromFiles(files);
  t.match(problems, [{ code: 'rule.detector_invalid', file: 'detectors/bad.yml' }]);
  const { detectors } = createDetector(ruleSet).detectors;
  t.match(detectors, [{ name: 'beacon', parameters: { beats: 20 } }]);
  t.equal(detectors.length, 1, 'only those that rules ask for run');
});

t.test('without rules that ask none runs, and none runs on hosts', async (t) => {
  const names = (...asked: Parameters<typeof createDetector>) =>
    createDetector(...asked).detectors.detectors.map(({ name }) => name);
  const all = rulesOn('scan');
  t.strictSame(names(all), ['scan']);
  t.strictSame(names(onHost(all, 'linux')), []);
  t.equal(onHost(all, 'linux').rules.length, 0);
  t.equal(createDetector(onHost(all, 'linux')).lookback, 0);
});

t.test('rules may name every detector, and every detector has words and bounds', async (t) => {
  t.strictSame(
    [...finding.services.names],
    detectorSpecs.map(({ name }) => name),
  );
  for (const { name, doc, kinds, types, parameters } of detectorSpecs) {
    t.ok(doc.length > 40 && types.length > 0 && Object.keys(kinds).length > 0, name);
    for (const [key, { usual, least, most, doc: words }] of Object.entries(parameters)) {
      t.ok(least <= usual && usual <= most, `${name}.${key}`);
      t.ok(words.endsWith('.'), `${name}.${key}`);
    }
  }
});
