import { regexOf } from './regex.ts';
import { plain, readText, run, type Token, textTester, wordOf } from './text.ts';
import { type TimePart, timePartOf } from './time.ts';

/** What a value has become after the modifiers so far. */
export type Form =
  | {
      readonly is: 'text';
      readonly tokens: readonly Token[];
      readonly written: string;
      /** Whether anything may stand before or after. */
      readonly before: boolean;
      readonly after: boolean;
    }
  | { readonly is: 'bytes'; readonly bytes: Buffer }
  | { readonly is: 'absent' }
  | { readonly is: 'present'; readonly wanted: boolean }
  | { readonly is: 'regex'; readonly source: string; readonly flags: ReadonlySet<string> }
  | { readonly is: 'field'; readonly name: string; readonly before: boolean; readonly after: boolean }
  | {
      readonly is: 'number';
      readonly bound: number;
      readonly compare: (value: number, bound: number) => boolean;
      /** What to take of a date; null for the value itself. */
      readonly part: TimePart | null;
    }
  | { readonly is: 'network'; readonly holds: (address: string) => boolean };
export type TextForm = Form & { readonly is: 'text' };

export function formOf(value: unknown): Form {
  if (value === null) return { is: 'absent' };
  const written = String(value);
  return textForm(written, typeof value === 'string' ? readText(written) : plain(written));
}

export function textForm(written: string, tokens = plain(written)): TextForm {
  return { is: 'text', written, tokens, before: false, after: false };
}

export function needText(form: Form): TextForm {
  if (form.is !== 'text') throw new Error(`${form.is} is no text`);
  return form;
}

/** The text of a form that has no wildcards. */
export function needWord(form: Form): string {
  const { tokens, before, after } = needText(form);
  const word = before || after ? undefined : wordOf(tokens);
  if (word === undefined) throw new Error('not a plain text');
  return word;
}

/** The question a form asks of one text. */
export function testerOf(form: Form, cased: boolean): (text: string) => boolean {
  switch (form.is) {
    case 'text': {
      const { tokens, before, after } = form;
      return textTester([...(before ? [run] : []), ...tokens, ...(after ? [run] : [])], cased);
    }
    case 'bytes':
      return textTester(plain(form.bytes.toString('latin1')), cased);
    case 'regex': {
      const regex = regexOf(form.source, form.flags);
      return (text) => regex.test(text);
    }
    case 'number': {
      const { part, compare, bound } = form;
      const read = part === null ? numberOf : (text: string) => timePartOf(text, part);
      return (text) => compare(read(text) ?? Number.NaN, bound);
    }
    case 'network':
      return form.holds;
    default:
      throw new Error(`${form.is} asks nothing of a text`);
  }
}

function numberOf(text: string): number | undefined {
  return text.trim() === '' ? undefined : Number(text);
}
