import { joinPattern, type Part, parsePattern } from '../pattern.ts';
import { type Draft, type Modifier, ModifierRefusal, needText } from './modifier.ts';

/** Values one item may come to. */
export const expansionBound = 100_000;

const placeholder = /%([^%\s]+)%/g;
type TextDraft = Draft & { kind: 'text' };

/** Puts each value of the named list in the place of `%name%`. Wildcards in lists are live, as in rules. */
export const expand: Modifier = {
  name: 'expand',
  apply: (draft, { list }): readonly Draft[] => {
    let drafts: readonly TextDraft[] = [needText(draft, 'expand')];
    for (const [whole, name] of drafts[0]!.raw.matchAll(placeholder)) {
      const values = list(name!);
      if (values === undefined || values.length === 0)
        throw new ModifierRefusal(
          `the placeholder \`${whole}\` has no values`,
          'rule.placeholder_unresolved',
        );
      if (drafts.length * values.length > expansionBound)
        throw new ModifierRefusal(
          `the placeholders come to more than ${expansionBound} values`,
          'rule.too_large',
        );
      drafts = drafts.flatMap((text) => values.map((value) => put(text, whole, value)));
    }
    return drafts;
  },
};

function put(text: TextDraft, whole: string, value: string): TextDraft {
  const live = parsePattern(value);
  const pattern = text.pattern.flatMap((part): readonly Part[] =>
    typeof part === 'string'
      ? part.split(whole).flatMap((piece, i) => (i === 0 ? [piece] : [...live, piece]))
      : [part],
  );
  return { kind: 'text', raw: text.raw.replaceAll(whole, () => value), pattern: joinPattern(pattern) };
}
