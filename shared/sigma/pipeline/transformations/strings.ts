import { type Pattern, parsePattern, parsePlainText, plainText } from '../../pattern.ts';
import { Replacer, replaceBounds } from '../../regex/replacer.ts';
import { letterCases } from '../letter-case.ts';
import { guardRegex } from '../parameters.ts';
import { PipelineRefusal } from '../refusal.ts';
import type { Transform } from '../rule-work.ts';
import { rewriteStrings } from '../value-text.ts';
import type { Transformation } from './transformation.ts';

/** Replaces matches of an expression in strings. `skip_special` leaves wildcards out of what is looked at. */
export const replaceString: Transformation = {
  type: 'replace_string',
  read: (parameters) => {
    const source = parameters.text('regex');
    const [replacer, replacement] = guardRegex(parameters.need('regex'), () => {
      const made = new Replacer(source);
      return [made, made.readReplacement(parameters.text('replacement'))] as const;
    });
    const skipSpecial = parameters.flag('skip_special');
    const interpretSpecial = parameters.flag('interpret_special');
    const replace = (text: string): string => {
      const result = replacer.replace(text, replacement);
      if (result !== undefined) return result;
      const { valueLength, resultLength } = replaceBounds;
      throw new PipelineRefusal(
        `\`replace_string\` takes values up to ${valueLength} characters and makes up to ${resultLength}`,
      );
    };
    return rewriting((pattern) => {
      if (!skipSpecial) return changed(plainText(pattern), replace, parsePlainText);
      const parts = pattern.flatMap((part): Pattern => {
        if (typeof part !== 'string') return [part];
        const text = replace(part);
        return interpretSpecial ? parsePlainText(text) : [text];
      });
      return parts.every((part, at) => part === pattern[at]) ? undefined : [parts];
    });
  },
};

/** Replaces whole strings by one or several others. */
export const mapString: Transformation = {
  type: 'map_string',
  read: (parameters) => {
    const mapping = parameters.textsByText('mapping');
    return rewriting((pattern) => mapping.get(plainText(pattern))?.map(parsePattern));
  },
};

/** Changes the case of strings. */
export const changeCase: Transformation = {
  type: 'case',
  read: (parameters) => {
    const change = letterCases[parameters.oneOf('method', ['lower', 'upper', 'snake_case'], 'lower')];
    return rewriting((pattern) => {
      const parts = pattern.map((part) => (typeof part === 'string' ? change(part) : part));
      return parts.every((part, at) => part === pattern[at]) ? undefined : [parts];
    });
  },
};

function changed(
  text: string,
  change: (text: string) => string,
  read: (text: string) => Pattern,
): readonly Pattern[] | undefined {
  const next = change(text);
  return next === text ? undefined : [read(next)];
}

function rewriting(rewrite: (pattern: Pattern) => readonly Pattern[] | undefined): Transform {
  return (work, step) =>
    work.rewriteItems(step, (item) => {
      const next = rewriteStrings(item, rewrite);
      return next === undefined ? undefined : { kind: 'item', item: next };
    });
}
