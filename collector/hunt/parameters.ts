import { VedetteError } from '#shared/errors.ts';
import type { HuntParameter, SqlValue } from '../store/contract.ts';

function typed({ name, type }: HuntParameter, given: SqlValue): SqlValue {
  const text = String(given);
  const wrong = () =>
    new VedetteError('hunt.parameter', `$${name} is to be ${words[type]}, not ${text.slice(0, 64)}.`);
  switch (type) {
    case 'text':
      return text;
    case 'bool':
      if (text !== 'true' && text !== 'false') throw wrong();
      return text === 'true';
    case 'int':
      if (!/^[+-]?\d{1,15}$/.test(text)) throw wrong();
      return Number(text);
    case 'float':
      if (text.trim() === '' || !Number.isFinite(Number(text))) throw wrong();
      return Number(text);
  }
}

const words: Readonly<Record<HuntParameter['type'], string>> = {
  text: 'a text',
  int: 'a whole number',
  float: 'a number',
  bool: 'true or false',
};

/** Values for all parameters of a hunt, of their types. Throws `hunt.parameter` for what is missing, wrong or unknown. */
export function valuesFor(
  parameters: readonly HuntParameter[],
  given: Readonly<Record<string, SqlValue>>,
): Readonly<Record<string, SqlValue>> {
  const unknown = Object.keys(given).find((name) => !parameters.some((one) => one.name === name));
  if (unknown !== undefined) {
    const known = parameters.length === 0 ? 'none' : parameters.map((one) => `$${one.name}`).join(', ');
    throw new VedetteError('hunt.parameter', `The hunt has no parameter $${unknown}; it has ${known}.`);
  }
  const values = parameters.map((parameter) => {
    const value = Object.hasOwn(given, parameter.name) ? given[parameter.name] : parameter.default;
    if (value === undefined || value === null)
      throw new VedetteError('hunt.parameter', `The parameter $${parameter.name} must be given.`);
    return [parameter.name, typed(parameter, value)] as const;
  });
  return Object.fromEntries(values);
}
