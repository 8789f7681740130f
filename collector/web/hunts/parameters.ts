import type { HuntJson } from '../../api/json/hunt.ts';

export interface AskedParameter {
  readonly name: string;
  readonly type: HuntJson['parameters'][number]['type'] | 'any';
  readonly doc: string;
  readonly usual: string;
}

const inStatement = /(?<![\w$'])\$([A-Za-z_]\w*)/g;

/** The parameters of a statement, with what the hunt it came from says of them. */
export function parametersOf(sql: string, hunt: HuntJson | undefined): readonly AskedParameter[] {
  const names = new Set([...sql.matchAll(inStatement)].map((match) => match[1] as string));
  return [...names].map((name) => {
    const declared = hunt?.parameters.find((one) => one.name === name);
    return {
      name,
      type: declared?.type ?? 'any',
      doc: declared?.doc ?? '',
      usual: declared?.default ?? '',
    };
  });
}

/** The value as the API takes it; of a parameter nobody declared, what is written decides. */
export function parameterValue({ type }: AskedParameter, text: string): string | number | boolean {
  if (type === 'text') return text;
  if (type === 'bool') return text === 'true';
  const isNumber = /^-?\d+(?:\.\d+)?$/.test(text.trim());
  return isNumber ? Number(text) : text;
}
