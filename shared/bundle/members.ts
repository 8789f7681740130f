/** Members of a document that was read, by the type they must have. Unknown members are left to newer versions. */
import { type Json, type JsonObject, malformed } from './canonical.ts';

export function textOf(from: JsonObject, name: string, pattern?: RegExp): string {
  const value = from[name];
  if (typeof value !== 'string' || (pattern !== undefined && !pattern.test(value)))
    throw malformed(`"${name}" is missing or not of its form.`);
  return value;
}

export function wholeOf(from: JsonObject, name: string, min: number): number {
  const value = from[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min)
    throw malformed(`"${name}" is not a whole number of at least ${min}.`);
  return value;
}

export function objectOf(from: JsonObject, name: string): JsonObject {
  return asObject(from[name], `"${name}"`);
}

export function asObject(value: Json | undefined, what: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed(`${what} is not an object.`);
  return value as JsonObject;
}

export function listOf(from: JsonObject, name: string, max: number): readonly Json[] {
  const value = from[name];
  if (!Array.isArray(value)) throw malformed(`"${name}" is not a list.`);
  if (value.length > max) throw malformed(`"${name}" has more than ${max} items.`);
  return value;
}

export function textsOf(from: JsonObject, name: string, max: number): readonly string[] {
  return listOf(from, name, max).map((item) => {
    if (typeof item !== 'string') throw malformed(`"${name}" holds what is not text.`);
    return item;
  });
}

/** Refuses a list whose items do not grow from one to the next, which refuses repeats as well. */
export function growing(items: readonly string[], what: string): void {
  for (let i = 1; i < items.length; i++)
    if (items[i - 1]! >= items[i]!) throw malformed(`${what} are out of order or repeated at ${items[i]}.`);
}
