import type { Scalar } from '../document.ts';

const nulls = new Set(['', '~', 'null', 'Null', 'NULL']);
const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
]);
const decimal = /^[-+]?\d+$/;
const float = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;
const other = /^(?:0o[0-7]+|0x[\da-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

/**
 * What a plain scalar means in the core schema of YAML 1.2. Numbers that a double cannot hold stay as written.
 * Undefined for the rarer forms, which are left to the full reader.
 */
export function plainScalar(text: string): Scalar | undefined {
  const first = text.charCodeAt(0);
  // Only these can begin anything but a text: + - . digits ~ and the letters of null, true and false.
  if (first > 57 && !'~nNtTfF'.includes(text[0]!)) return text;
  if (nulls.has(text)) return null;
  const boolean = booleans.get(text);
  if (boolean !== undefined) return boolean;
  if (decimal.test(text)) {
    const number = Number(text);
    return Number.isSafeInteger(number) ? number : text;
  }
  if (other.test(text)) return undefined;
  return float.test(text) ? Number(text) : text;
}
