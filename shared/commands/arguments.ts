import { fail, ok, type Result } from '../errors.ts';
import type { ArgumentSpec, Arguments, CommandSpec } from './spec.ts';

function problemOf(spec: ArgumentSpec, value: unknown): string | undefined {
  switch (spec.type) {
    case 'text':
      return typeof value === 'string' && value !== '' && value.length <= spec.maxLength
        ? undefined
        : `must be a text of 1 to ${spec.maxLength} characters`;
    case 'int':
      return Number.isInteger(value) && (value as number) >= spec.min && (value as number) <= spec.max
        ? undefined
        : `must be a whole number from ${spec.min} to ${spec.max}`;
    case 'flag':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
  }
}

/** Holds arguments against the declaration: all required, none unknown, each within its bounds; else `command.invalid`. */
export function checkArguments(
  spec: CommandSpec,
  given: Readonly<Record<string, unknown>>,
): Result<Arguments> {
  const wrong = (detail: string) => fail<Arguments>('command.invalid', `${spec.name}: ${detail}.`);
  for (const [name, value] of Object.entries(given)) {
    const argument = Object.hasOwn(spec.arguments, name) ? spec.arguments[name] : undefined;
    if (argument === undefined) return wrong(`there is no argument ${name.slice(0, 64)}`);
    const problem = problemOf(argument, value);
    if (problem !== undefined) return wrong(`${name} ${problem}`);
  }
  for (const [name, argument] of Object.entries(spec.arguments)) {
    if (argument.required === true && !Object.hasOwn(given, name)) return wrong(`${name} is missing`);
  }
  return ok(given as Arguments);
}

/** The value a text stands for, as the declaration has it; the text itself where it stands for none. */
export function argumentFromText(spec: ArgumentSpec | undefined, text: string): string | number | boolean {
  if (spec?.type === 'int' && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (spec?.type === 'flag' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
