import { networkTester } from './address.ts';
import { regexOf } from './regex.ts';
import { dashes, plain, readText, run, type Token, textTester, wordOf } from './text.ts';
import { timePartOf } from './time.ts';

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
  /** Asked of the text of a value. */
  | { readonly is: 'test'; readonly holds: (text: string) => boolean };

export type Lists = Readonly<Record<string, readonly string[]>>;
type Step = (form: Form, lists: Lists) => readonly Form[];

export function formOf(value: unknown): Form {
  if (value === null) return { is: 'absent' };
  const written = String(value);
  return textForm(written, typeof value === 'string' ? readText(written) : plain(written));
}

export function textForm(written: string, tokens = plain(written)): Form {
  return { is: 'text', written, tokens, before: false, after: false };
}

function affix(before: boolean, after: boolean): Step {
  return (form) => {
    if (form.is !== 'field' && form.is !== 'text') throw new Error('no text');
    return [{ ...form, before: form.before || before, after: form.after || after }];
  };
}

function flag(letter: string): Step {
  return (form) => {
    if (form.is !== 'regex') throw new Error(`${letter} without re`);
    return [{ ...form, flags: new Set([...form.flags, letter]) }];
  };
}

function utf16(mark: string, swap: boolean): Step {
  return (form) => {
    const bytes = Buffer.from(mark + wordOfForm(form), 'utf16le');
    return [{ is: 'bytes', bytes: swap ? bytes.swap16() : bytes }];
  };
}

function wordOfForm(form: Form): string {
  const word = form.is === 'text' && !form.before && !form.after ? wordOf(form.tokens) : undefined;
  if (word === undefined) throw new Error('not a plain text');
  return word;
}

function bytesOf(form: Form): Buffer {
  return form.is === 'bytes' ? form.bytes : Buffer.from(wordOfForm(form));
}

function number(compare: (value: number, bound: number) => boolean): Step {
  return (form) => {
    const bound = Number(wordOfForm(form));
    return [{ is: 'test', holds: (text) => text.trim() !== '' && compare(Number(text), bound) }];
  };
}

function timePart(part: Parameters<typeof timePartOf>[1]): Step {
  return (form) => {
    const wanted = Number(wordOfForm(form));
    return [{ is: 'test', holds: (text) => timePartOf(text, part) === wanted }];
  };
}

/**
 * The part of base64 that stays the same whatever stands before and after: found by trying two surroundings, not by
 * counting bits.
 */
function sureBase64(bytes: Buffer, shift: number): string {
  const [one, other] = [0x00, 0xff].map((around) => {
    const pad = (length: number) => Buffer.alloc(length, around);
    return Buffer.concat([pad(shift), bytes, pad((3 - ((shift + bytes.length) % 3)) % 3)]).toString('base64');
  }) as [string, string];
  const same = [...one].map((character, i) => character === other[i]);
  return one.slice(same.indexOf(true), same.lastIndexOf(true) + 1);
}

function windash(form: Form): readonly Form[] {
  if (form.is !== 'text') throw new Error('no text');
  const at = (i: number) => {
    const token = form.tokens[i];
    return token?.is === 'character' ? token.character : '';
  };
  const startsWord = (i: number) =>
    at(i) !== '' && dashes.includes(at(i)) && !/\w/.test(at(i - 1)) && /\w/.test(at(i + 1));
  return [{ ...form, tokens: form.tokens.map((t, i): Token => (startsWord(i) ? { is: 'dash' } : t)) }];
}

/** Puts the values of a list in the place of each `%name%`. */
function expand(form: Form, lists: Lists): readonly Form[] {
  if (form.is !== 'text') throw new Error('no text');
  return expandWritten(form.written, lists).map((written) => ({
    ...form,
    written,
    tokens: readText(written),
  }));
}

function expandWritten(written: string, lists: Lists): readonly string[] {
  const found = /^(.*?)(?<!\\)%([^%\s]+)%(.*)$/s.exec(written);
  if (found === null) return [written.replaceAll('\\%', '%')];
  const [, before = '', name = '', after = ''] = found;
  const rest = expandWritten(after, lists);
  return (lists[name] ?? []).flatMap((value) =>
    rest.map((end) => before.replaceAll('\\%', '%') + value + end),
  );
}

/** What each modifier makes of one form. `all`, `cased` and `neq` are about the item, not its values. */
export const steps: Readonly<Record<string, Step>> = {
  all: (form) => [form],
  cased: (form) => [form],
  neq: (form) => [form],
  contains: affix(true, true),
  startswith: affix(false, true),
  endswith: affix(true, false),
  exists: (form) => [{ is: 'present', wanted: wordOfForm(form).toLowerCase() === 'true' }],
  windash,
  re: (form) => {
    if (form.is !== 'text') throw new Error('no text');
    return [{ is: 'regex', source: form.written, flags: new Set() }];
  },
  i: flag('i'),
  m: flag('m'),
  s: flag('s'),
  base64: (form) => [textForm(bytesOf(form).toString('base64'))],
  base64offset: (form) => [0, 1, 2].map((shift) => textForm(sureBase64(bytesOf(form), shift))),
  utf16le: utf16('', false),
  wide: utf16('', false),
  utf16be: utf16('', true),
  utf16: utf16('\uFEFF', false),
  lt: number((a, b) => a < b),
  lte: number((a, b) => a <= b),
  gt: number((a, b) => a > b),
  gte: number((a, b) => a >= b),
  minute: timePart('minute'),
  hour: timePart('hour'),
  day: timePart('day'),
  week: timePart('week'),
  month: timePart('month'),
  year: timePart('year'),
  cidr: (form) => [{ is: 'test', holds: networkTester(wordOfForm(form)) }],
  expand,
  fieldref: (form) => {
    if (form.is !== 'text') throw new Error('no text');
    return [{ is: 'field', name: form.written, before: false, after: false }];
  },
};

/** The question a form asks of one text. */
export function testerOf(form: Form, cased: boolean): (text: string) => boolean {
  switch (form.is) {
    case 'text':
      return textTester([...(form.before ? [run] : []), ...form.tokens, ...(form.after ? [run] : [])], cased);
    case 'bytes':
      return textTester(plain(form.bytes.toString('latin1')), cased);
    case 'regex': {
      const regex = regexOf(form.source, form.flags);
      return (text) => regex.test(text);
    }
    case 'test':
      return form.holds;
    default:
      throw new Error(`${form.is} asks nothing of a text`);
  }
}
