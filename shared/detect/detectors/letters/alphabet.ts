/** Classes of characters that the model of letters knows: begin and end, any digit, any other, a to z. */
export const classCount = 29;
const edge = 0;
const digit = 1;
const other = 2;

export function classOf(code: number): number {
  if (code >= 97 && code <= 122) return code - 97 + 3;
  return code >= 48 && code <= 57 ? digit : other;
}

/** Calls for every letter of a word and its end, with the class of the letter and of the two before it. */
export function eachTriple(word: string, take: (before: number, last: number, next: number) => void): void {
  let before = edge;
  let last = edge;
  for (let i = 0; i <= word.length; i++) {
    const next = i === word.length ? edge : classOf(word.charCodeAt(i));
    take(before, last, next);
    before = last;
    last = next;
  }
}

export function tripleIndex(before: number, last: number, next: number): number {
  return (before * classCount + last) * classCount + next;
}
