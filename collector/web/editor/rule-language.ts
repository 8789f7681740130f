import { autocompletion, type Completion, type CompletionContext } from '@codemirror/autocomplete';
import { yaml } from '@codemirror/lang-yaml';
import type { Extension } from '@codemirror/state';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { type EventSpec, fieldsOf } from '#shared/schema/spec.ts';
import { modifierNames } from './sigma-modifiers.ts';

const specs = Object.values<EventSpec>(eventSpecs);

/** What stands at the beginning of lines of a rule, and what may follow. */
const keys: readonly (readonly [name: string, info: string])[] = [
  ['title', 'What it is called, in a few words.'],
  ['id', 'A UUID of its own.'],
  ['status', 'How far it is: experimental, test or stable.'],
  ['description', 'What it finds, and why that matters.'],
  ['references', 'Where it comes from.'],
  ['author', 'Who wrote it.'],
  ['date', 'When.'],
  ['tags', 'ATT&CK techniques and tactics, e.g. attack.t1059.004.'],
  ['logsource', 'Which events it looks at.'],
  ['category', 'Of the events, e.g. process_creation.'],
  ['product', 'The system they come from, e.g. linux.'],
  ['service', 'Whose records they are, e.g. sshd.'],
  ['detection', 'Selections by name, and the condition over them.'],
  ['condition', 'How selections come together: and, or, not, 1 of x*, all of them.'],
  ['falsepositives', 'What is harmless and looks the same.'],
  ['level', 'How grave: informational, low, medium, high, critical.'],
  ['correlation', 'Counts or orders what other rules find.'],
];

const values: Readonly<Record<string, readonly string[]>> = {
  level: ['informational', 'low', 'medium', 'high', 'critical'],
  status: ['experimental', 'test', 'stable'],
  category: [...new Set(specs.flatMap(({ logsource }) => logsource.category ?? []))].sort(),
  product: ['linux', 'macos', 'windows'],
};

const keyItems = keys.map(
  ([name, info]): Completion => ({ label: name, apply: `${name}: `, type: 'keyword', info }),
);
const modifierItems = modifierNames.map((label): Completion => ({ label, type: 'function' }));

/** Fields of the events a category stands for, by the names Sigma has for them; of all events where it says none. */
function fieldItems(category: string | undefined): readonly Completion[] {
  const meant = specs.filter(({ logsource }) => category === undefined || logsource.category === category);
  const items = new Map<string, Completion>();
  for (const spec of meant.length === 0 ? specs : meant) {
    for (const [ecs, { sigma = [], doc, type }] of Object.entries(fieldsOf(spec))) {
      for (const name of [...sigma, ecs]) {
        const boost = name === ecs ? -5 : 5;
        if (!items.has(name))
          items.set(name, { label: name, type: 'property', detail: type, info: doc, boost });
      }
    }
  }
  return [...items.values()];
}

function source(context: CompletionContext) {
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  const modifier = /[\w.]+(?:\|\w+)*\|(\w*)$/.exec(before);
  if (modifier !== null)
    return { from: context.pos - (modifier[1] as string).length, options: modifierItems, validFor: /^\w*$/ };
  const value = /^\s*(\w+):\s*([\w.-]*)$/.exec(before);
  const known = value === null ? undefined : values[value[1] as string];
  if (value !== null && known !== undefined)
    return {
      from: context.pos - (value[2] as string).length,
      options: known.map((label): Completion => ({ label, type: 'constant' })),
      validFor: /^[\w.-]*$/,
    };
  const name = /^\s*(?:- )?([\w.]*)$/.exec(before);
  if (name === null || (name[1] === '' && !context.explicit)) return null;
  const category = /^\s*category:\s*(\w+)/m.exec(context.state.doc.toString())?.[1];
  const isTop = /^\w*$/.test(before);
  return {
    from: context.pos - (name[1] as string).length,
    options: isTop ? keyItems : [...fieldItems(category), ...keyItems],
    validFor: /^[\w.]*$/,
  };
}

/** Sigma rules: YAML with the names of fields, modifiers and values. */
export function ruleLanguage(): Extension {
  return [yaml(), autocompletion({ override: [source], icons: false })];
}
