import type { Scalar } from '../../sigma/document.ts';
import type { RuleProblem } from '../../sigma/index.ts';
import { parseYaml } from '../../sigma/parse/yaml.ts';
import { ProblemSink } from '../../sigma/problem.ts';
import type { ParameterSpec } from './contract.ts';
import type { DetectorSettings, Settable } from './parameters.ts';

/** Whether a file sets a detector: `detectors/NAME.yml`, wherever that folder is. */
export function isDetectorFile(path: string): boolean {
  return /(?:^|[/\\])detectors[/\\][^/\\]+\.ya?ml$/i.test(path) && !/\.test\.ya?ml$/i.test(path);
}

/**
 * Reads files of the form `detector: NAME`, `parameters: {NAME: NUMBER}`; a later one wins over an earlier one, number
 * by number. What does not fit the declaration is a problem (`rule.detector_invalid`), and the file as a whole is left.
 */
export function readDetectorSettings(
  texts: readonly { readonly file: string; readonly text: string }[],
  known: readonly Settable[],
): { readonly settings: DetectorSettings; readonly problems: readonly RuleProblem[] } {
  const settings = new Map<string, Map<string, number>>();
  const problems: RuleProblem[] = [];
  for (const { file, text } of texts) {
    const sink = new ProblemSink(file);
    const read = readFile(text, sink, known);
    problems.push(...sink.problems);
    if (read === undefined || sink.errorCount > 0) continue;
    const before = settings.get(read.name) ?? new Map<string, number>();
    for (const [name, value] of read.values) before.set(name, value);
    settings.set(read.name, before);
  }
  return { settings, problems };
}

const code = 'rule.detector_invalid';

function readFile(text: string, sink: ProblemSink, known: readonly Settable[]) {
  const [document] = parseYaml(text, sink);
  if (document === undefined) return undefined;
  const { entries } = document.tree;
  const stray = entries.find(({ key }) => !['detector', 'parameters', 'description'].includes(key));
  if (stray !== undefined)
    return sink.refuse(
      code,
      stray.keyPlace,
      `\`${stray.key}\` is none of detector, description, parameters.`,
    );
  const named = entries.find(({ key }) => key === 'detector');
  const name = named?.value.kind === 'scalar' ? String(named.value.value) : undefined;
  const spec = known.find((one) => one.name === name);
  if (spec === undefined)
    return sink.refuse(
      code,
      named?.value ?? document.tree,
      `There is no detector ${name ?? 'named'}; there are ${known.map((one) => one.name).join(', ')}.`,
    );
  const values = new Map<string, number>();
  const given = entries.find(({ key }) => key === 'parameters')?.value;
  if (given !== undefined && given.kind !== 'map')
    return sink.refuse(code, given, '`parameters` is not a map of numbers.');
  for (const { key, keyPlace, value } of given?.entries ?? []) {
    const declared = Object.hasOwn(spec.parameters, key) ? spec.parameters[key] : undefined;
    const problem = problemOf(key, declared, value.kind === 'scalar' ? value.value : null);
    if (problem !== undefined) sink.refuse(code, keyPlace, problem);
    else if (value.kind === 'scalar') values.set(key, value.value as number);
  }
  return { name: spec.name, values };
}

function problemOf(key: string, declared: ParameterSpec | undefined, value: Scalar): string | undefined {
  if (declared === undefined) return `The detector has no parameter ${key}.`;
  if (typeof value !== 'number' || !Number.isFinite(value)) return `${key} is not a number.`;
  const { least, most } = declared;
  return value < least || value > most ? `${key} is ${value}; it may be ${least} to ${most}.` : undefined;
}
