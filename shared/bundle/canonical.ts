import { VedetteError } from '#shared/errors.ts';
import { bundleBounds } from './bounds.ts';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

/** What is wrong with the form of a bundle or of a document in it. */
export function malformed(detail: string): VedetteError {
  return new VedetteError('bundle.malformed', detail);
}

/**
 * The one text of a value: no white space, names in order of their UTF-16 units, whole numbers only. What is signed is
 * such a text, so that two parsers can not read one signature in two ways. Throws `bundle.malformed`.
 */
export function canonicalText(value: Json, depth = 0): string {
  if (depth > bundleBounds.depth) throw malformed(`It nests deeper than ${bundleBounds.depth}.`);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalText(item, depth + 1)).join(',')}]`;
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw malformed('A number is not whole.');
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const object = value as JsonObject;
  const members = Object.keys(object).sort();
  const texts = members.map((name) => `${JSON.stringify(name)}:${canonicalText(object[name]!, depth + 1)}`);
  return `{${texts.join(',')}}`;
}

/** The object of a text that must be canonical: repeated names, other spellings and white space are refused. */
export function readCanonical(text: string, what: string): JsonObject {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    throw malformed(`${what} is not JSON: ${(error as Error).message}.`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed(`${what} is not an object.`);
  if (canonicalText(value) !== text) throw malformed(`${what} is not in its canonical form.`);
  return value as JsonObject;
}
