/** What may be written next in a filter that is being typed. */
import { eventSpecs } from '../events/registry.gen.ts';
import { fieldsOf } from '../schema/spec.ts';
import { hostNames, knownFields, typeNames } from './fields.ts';

export interface Completion {
  /** What stands in place of the word. */
  readonly text: string;
  readonly doc: string;
}

export interface Completions {
  /** The word that is replaced, from here up to the caret. */
  readonly from: number;
  readonly items: readonly Completion[];
}

const mostItems = 8;
const specs = Object.values(eventSpecs);

const names: readonly Completion[] = [
  { text: 'type:', doc: 'Event type; * and ? stand for others.' },
  { text: 'host:', doc: 'Host by name or id; * and ? stand for others.' },
  ...knownFields.map(({ name, doc, aliasOf }) => ({
    text: `${name}:`,
    doc: aliasOf.length === 0 ? doc : `${aliasOf.join(', ')}. ${doc}`,
  })),
];

/** The only values of fields that have such, and event types. */
function valuesOf(name: string): readonly string[] {
  const lower = name.toLowerCase();
  if (typeNames.includes(lower)) return Object.keys(eventSpecs);
  const found = specs.flatMap((spec) =>
    Object.entries(fieldsOf(spec))
      .filter(([ecs, { sigma }]) => [ecs, ...(sigma ?? [])].some((one) => one.toLowerCase() === lower))
      .flatMap(([, { type, values }]) => (type === 'bool' ? ['true', 'false'] : (values ?? []))),
  );
  return [...new Set(found)];
}

/** Those that begin with the word first, then those of which some part does. */
function fitting(word: string, items: readonly Completion[]): readonly Completion[] {
  const wanted = word.toLowerCase();
  const rank = ({ text }: Completion) => {
    const lower = text.toLowerCase();
    if (lower.startsWith(wanted)) return 0;
    return lower.includes(`.${wanted}`) || lower.includes(`_${wanted}`) ? 1 : 2;
  };
  return items
    .map((item) => ({ item, rank: rank(item) }))
    .filter(({ rank }) => rank < 2)
    .sort((a, b) => a.rank - b.rank || a.item.text.length - b.item.text.length)
    .slice(0, mostItems)
    .map(({ item }) => item);
}

/** Names of fields, or values of a field that has few, for the word before the caret; none inside quotes. */
export function completionsAt(text: string, caret: number): Completions {
  const before = text.slice(0, caret);
  const none = { from: caret, items: [] };
  if ((before.match(/"/g)?.length ?? 0) % 2 === 1) return none;
  const word = /[^\s()[\]{}"',]*$/.exec(before)?.[0] ?? '';
  if (word === '') return none;
  const colon = word.indexOf(':');
  if (colon < 0) return { from: caret - word.length, items: fitting(word, names) };
  const [name, value] = [word.slice(0, colon), word.slice(colon + 1)];
  if (hostNames.includes(name.toLowerCase())) return none;
  const items = fitting(
    value,
    valuesOf(name).map((one) => ({ text: one, doc: '' })),
  );
  const isDone = items.length === 1 && items[0]?.text === value;
  return isDone ? none : { from: caret - value.length, items };
}
