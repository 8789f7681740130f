/** Filters made of single facts, for callers that have them apart: options, parameters, links. */
import { anyPart, type Pattern } from '../sigma/pattern.ts';
import { fieldNamed } from './fields.ts';
import { everything, type Filter } from './filter.ts';
import { foldText } from './fold-text.ts';
import { readValue } from './value.ts';

/** The text somewhere in a text field, nothing in it having a meaning of its own. */
export function containsText(text: string): Filter {
  return text === '' ? everything : { kind: 'words', pattern: aroundLiteral(text) };
}

/** The field holds this value; refused (`Refusal`) when it cannot. Undefined when no event has the field. */
export function fieldEquals(name: string, value: string): Filter | undefined {
  const field = fieldNamed(name);
  if (field === undefined) return undefined;
  const written = { text: value, isPlain: true, from: 0, to: value.length };
  return { kind: 'field', name: field.name, test: readValue(field, written) };
}

/** The text somewhere in a field of text or of whole numbers. Undefined when no event has the field. */
export function fieldContains(name: string, text: string): Filter | undefined {
  const field = fieldNamed(name);
  if (field === undefined) return undefined;
  return { kind: 'field', name: field.name, test: { is: 'like', pattern: aroundLiteral(text) } };
}

export function fieldExists(name: string): Filter | undefined {
  const field = fieldNamed(name);
  return field === undefined ? undefined : { kind: 'field', name: field.name, test: { is: 'present' } };
}

function aroundLiteral(text: string): Pattern {
  return text === '' ? [anyPart] : [anyPart, foldText(text), anyPart];
}
