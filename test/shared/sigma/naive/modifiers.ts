import { networkTester } from './address.ts';
import { base64, base64offset, utf16 } from './encodings.ts';
import { type Form, needText, needWord, textForm } from './forms.ts';
import { endOnly, startOnly } from './regex.ts';
import { dashes, readText, type Token } from './text.ts';
import type { TimePart } from './time.ts';

export type Lists = Readonly<Record<string, readonly string[]>>;
type Step = (form: Form) => readonly Form[];

const same: Step = (form) => [form];

function affix(before: boolean, after: boolean): Step {
  return (form) => {
    if (form.is === 'regex') return [{ ...form, source: tied(form.source, before, after) }];
    if (form.is === 'field') return [{ ...form, before: form.before || before, after: form.after || after }];
    const text = form.is === 'bytes' ? textForm(form.bytes.toString('latin1')) : needText(form);
    return [{ ...text, before: text.before || before, after: text.after || after }];
  };
}

/** An expression that may stand anywhere unless only one side is open. */
function tied(source: string, before: boolean, after: boolean): string {
  if (before === after) return source;
  return before ? endOnly(source) : startOnly(source);
}

function re(form: Form): readonly Form[] {
  const { written, before, after } = needText(form);
  return [{ is: 'regex', source: tied(written, before, after), flags: new Set() }];
}

function flag(letter: string): Step {
  return (form) => {
    if (form.is !== 'regex') throw new Error(`${letter} without re`);
    return [{ ...form, flags: new Set([...form.flags, letter]) }];
  };
}

function numberForm(form: Form): Form & { is: 'number' } {
  if (form.is === 'number') return form;
  return { is: 'number', bound: Number(needWord(form)), compare: (a, b) => a === b, part: null };
}

function compare(how: (value: number, bound: number) => boolean): Step {
  return (form) => [{ ...numberForm(form), compare: how }];
}

function timePart(part: TimePart): Step {
  return (form) => [{ ...numberForm(form), part }];
}

function windash(form: Form): readonly Form[] {
  const text = needText(form);
  const at = (i: number) => {
    const token = text.tokens[i];
    return token?.is === 'character' ? token.character : '';
  };
  const startsWord = (i: number) =>
    at(i) !== '' && dashes.includes(at(i)) && !/\w/.test(at(i - 1)) && /\w/.test(at(i + 1));
  return [{ ...text, tokens: text.tokens.map((t, i): Token => (startsWord(i) ? { is: 'dash' } : t)) }];
}

function fieldref(form: Form): readonly Form[] {
  const { written, before, after } = needText(form);
  return [{ is: 'field', name: written, before, after }];
}

/** What each modifier makes of one form. `all`, `cased` and `neq` are about the item; `expand` has gone before. */
const steps: Readonly<Record<string, Step>> = {
  ...{ all: same, cased: same, neq: same, expand: same },
  ...{ contains: affix(true, true), startswith: affix(false, true), endswith: affix(true, false) },
  ...{ re, i: flag('i'), m: flag('m'), s: flag('s'), windash, fieldref, base64, base64offset },
  ...{ utf16le: utf16('', false), wide: utf16('', false), utf16be: utf16('', true) },
  utf16: utf16('\uFEFF', false),
  exists: (form) => [{ is: 'present', wanted: needWord(form).toLowerCase() === 'true' }],
  lt: compare((a, b) => a < b),
  lte: compare((a, b) => a <= b),
  gt: compare((a, b) => a > b),
  gte: compare((a, b) => a >= b),
  ...{ minute: timePart('minute'), hour: timePart('hour'), day: timePart('day') },
  ...{ week: timePart('week'), month: timePart('month'), year: timePart('year') },
  cidr: (form) => [{ is: 'network', holds: networkTester(needWord(form)) }],
};

/** What a value comes to under modifiers, left to right; several are alternatives. */
export function applyModifiers(first: Form, modifiers: readonly string[], lists: Lists): readonly Form[] {
  let forms: readonly Form[] = modifiers.includes('expand')
    ? expand(needText(first).written, lists, modifiers.includes('re'))
    : [first];
  for (const name of modifiers) {
    const step = steps[name];
    if (step === undefined) throw new Error(`no modifier ${name}`);
    forms = forms.flatMap(step);
  }
  return forms;
}

/** The values of the lists in the places of `%name%`; within expressions they are plain text. */
function expand(written: string, lists: Lists, inRegex: boolean): readonly Form[] {
  const found = /^((?:\\[\s\S]|[^\\%]|%(?![^%\s\\]+%))*)%([^%\s\\]+)%([\s\S]*)$/.exec(written);
  if (found === null) return [plainPercent(written)];
  const [, before = '', name = '', rest = ''] = found;
  return expand(rest, lists, inRegex).flatMap((end) =>
    (lists[name] ?? []).map((value) => {
      const parts = [plainPercent(before), textForm(value, readText(value)), needText(end)];
      const texts = parts.map((part, i) => (inRegex && i === 1 ? RegExp.escape(value) : part.written));
      return textForm(
        texts.join(''),
        parts.flatMap((part) => part.tokens),
      );
    }),
  );
}

function plainPercent(written: string) {
  const text = written.replace(/\\([\\*?%])/g, (whole, c: string) => (c === '%' ? '%' : whole));
  return textForm(text, readText(text));
}
