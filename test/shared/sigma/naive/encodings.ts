import { type Form, needWord, textForm } from './forms.ts';

export function utf16(mark: string, swap: boolean): (form: Form) => readonly Form[] {
  return (form) => {
    const bytes = Buffer.from(mark + needWord(form), 'utf16le');
    return [{ is: 'bytes', bytes: swap ? bytes.swap16() : bytes }];
  };
}

function bytesOf(form: Form): Buffer {
  return form.is === 'bytes' ? form.bytes : Buffer.from(needWord(form));
}

export function base64(form: Form): readonly Form[] {
  return [textForm(bytesOf(form).toString('base64'))];
}

export function base64offset(form: Form): readonly Form[] {
  return [0, 1, 2].map((shift) => textForm(sureBase64(bytesOf(form), shift)));
}

/**
 * The part of base64 that stays the same whatever stands before and after: found by trying two surroundings, not by
 * counting bits.
 */
function sureBase64(bytes: Buffer, shift: number): string {
  const [one, other] = [0x00, 0xff].map((around) => {
    const pad = (length: number) => Buffer.alloc(length, around);
    const end = (3 - ((shift + bytes.length) % 3)) % 3;
    return Buffer.concat([pad(shift), bytes, pad(end)]).toString('base64');
  }) as [string, string];
  const same = [...one].map((character, i) => character === other[i]);
  return one.slice(same.indexOf(true), same.lastIndexOf(true) + 1);
}
