import { VedetteError } from './errors.ts';
import { readText } from './files.ts';

/** One setting: a fact with its default, bounds and doc. Reference docs are generated from these. */
export type Setting =
  | {
      readonly type: 'int';
      readonly default: number;
      readonly min: number;
      readonly max: number;
      readonly doc: string;
    }
  | { readonly type: 'text'; readonly default: string; readonly doc: string }
  | {
      readonly type: 'choice';
      readonly default: string;
      readonly choices: readonly string[];
      readonly doc: string;
    }
  | { readonly type: 'list'; readonly default: readonly string[]; readonly doc: string };

export type Settings = Readonly<Record<string, Setting>>;
type ValueOf<S extends Setting> = S['type'] extends 'int'
  ? number
  : S['type'] extends 'list'
    ? readonly string[]
    : S extends { readonly choices: readonly (infer C)[] }
      ? C
      : string;
export type Config<T extends Settings> = { readonly [K in keyof T]: ValueOf<T[K]> };

function problemOf(name: string, setting: Setting, value: unknown): string | undefined {
  switch (setting.type) {
    case 'int':
      return Number.isInteger(value) && (value as number) >= setting.min && (value as number) <= setting.max
        ? undefined
        : `${name} must be a whole number from ${setting.min} to ${setting.max}.`;
    case 'text':
      return typeof value === 'string' ? undefined : `${name} must be a string.`;
    case 'choice':
      return setting.choices.includes(value as string)
        ? undefined
        : `${name} must be one of ${setting.choices.join(', ')}.`;
    case 'list':
      return Array.isArray(value) && value.every((v) => typeof v === 'string')
        ? undefined
        : `${name} must be a list of strings.`;
  }
}

/** Defaults overlaid with what is given (undefined leaves the default). Throws `config.invalid`. The result is frozen. */
export function parseConfig<const T extends Settings>(
  settings: T,
  given: Readonly<Record<string, unknown>>,
): Config<T> {
  const config: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings)) config[name] = setting.default;
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const setting = Object.hasOwn(settings, name) ? settings[name] : undefined;
    if (setting === undefined) throw new VedetteError('config.invalid', `There is no setting ${name}.`);
    const problem = problemOf(name, setting, value);
    if (problem !== undefined) throw new VedetteError('config.invalid', problem);
    config[name] = value;
  }
  return Object.freeze(config) as Config<T>;
}

/** The settings in a JSON file; none when it is missing. Throws `config.invalid`. */
export function readConfigFile(path: string): Readonly<Record<string, unknown>> {
  const text = readText(path);
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new VedetteError('config.invalid', `${path} is not JSON: ${(error as Error).message}.`, {
      cause: error,
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new VedetteError('config.invalid', `${path} is not a JSON object.`);
  }
  return value as Record<string, unknown>;
}
