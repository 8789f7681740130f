import { allTexts, isThere, type NaiveEvent, textsOf } from './event.ts';
import { type Form, formOf, testerOf, textForm } from './forms.ts';
import { applyModifiers, type Lists } from './modifiers.ts';
import { lower } from './text.ts';

export type Holds = (event: NaiveEvent) => boolean;

/** One `field|modifier|modifier: values`; without a field it is about keywords. */
export function itemTester(key: string, value: unknown, lists: Lists): Holds {
  const [field = '', ...modifiers] = key.split('|');
  const texts = (event: NaiveEvent) => (field === '' ? allTexts(event) : textsOf(event, field));
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const tests = values.map((one) => valueTester(field, modifiers, one, texts, lists));
  if (modifiers.includes('neq'))
    return (event) => texts(event).length > 0 && !tests.some((holds) => holds(event));
  if (modifiers.includes('all')) return (event) => tests.every((holds) => holds(event));
  return (event) => tests.some((holds) => holds(event));
}

function valueTester(
  field: string,
  modifiers: readonly string[],
  value: unknown,
  texts: (event: NaiveEvent) => readonly string[],
  lists: Lists,
): Holds {
  const forms = applyModifiers(formOf(value), modifiers, lists);
  const tests = forms.map((form) => formTester(form, field, modifiers.includes('cased'), texts));
  return (event) => tests.some((holds) => holds(event));
}

function formTester(
  form: Form,
  field: string,
  cased: boolean,
  texts: (event: NaiveEvent) => readonly string[],
): Holds {
  if (form.is === 'absent') return (event) => texts(event).length === 0;
  if (form.is === 'present') return (event) => isThere(event, field) === form.wanted;
  if (form.is === 'field') return fieldTester(form, cased, texts);
  const holds = testerOf(field === '' ? anywhere(form) : form, cased);
  return (event) => texts(event).some(holds);
}

/** Keywords may stand anywhere in a text. */
function anywhere(form: Form): Form {
  const text = form.is === 'bytes' ? textForm(form.bytes.toString('latin1')) : form;
  return text.is === 'text' ? { ...text, before: true, after: true } : text;
}

function fieldTester(
  form: Form & { readonly is: 'field' },
  cased: boolean,
  texts: (event: NaiveEvent) => readonly string[],
): Holds {
  const seen = cased ? (text: string) => text : lower;
  const agree = (value: string, other: string): boolean => {
    if (form.before && form.after) return value.includes(other);
    if (form.before) return value.endsWith(other);
    return form.after ? value.startsWith(other) : value === other;
  };
  return (event) =>
    texts(event).some((value) => textsOf(event, form.name).some((other) => agree(seen(value), seen(other))));
}
