/** What a password may be, after NIST SP 800-63B, 3.1.1.2: any characters, long, and none of those everybody tries. */

export const leastPasswordLength = 12;
/** Characters; it bounds what is hashed. */
export const mostPasswordLength = 128;

/** Words that the commonest long passwords are one of, with digits and signs around or repeated. */
const commonWords = new Set(
  `password passwort passphrase motdepasse contrasena welcome willkommen letmein changeme changeit changethis
  admin administrator root superuser vedette security secret default login access master sunshine princess
  football baseball basketball superman batman starwars iloveyou trustno dragon monkey shadow michael jennifer
  computer internet whatever qwerty qwertz azerty qwertyuiop qwertzuiop azertyuiop asdfghjkl zxcvbnm yxcvbnm
  correcthorsebatterystaple thisismypassword mypassword letmeinplease ilovemyself company server test testing guest
  user summer winter spring autumn january february march april may june july august september october november
  december monday friday`.split(/\s+/),
);
/** Rows one runs a finger along; both ways. */
const runs = [
  'abcdefghijklmnopqrstuvwxyz',
  '0123456789',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm',
];
const lookAlikes: Readonly<Record<string, string>> = {
  '@': 'a',
  '4': 'a',
  '3': 'e',
  '1': 'i',
  '!': 'i',
  '0': 'o',
  $: 's',
  '5': 's',
  '7': 't',
};

/** Why a password is not taken; undefined when it is. `name` is the user's. */
export function passwordFault(password: string, name: string): string | undefined {
  const text = password.normalize('NFKC');
  const length = [...text].length;
  if (length < leastPasswordLength) return `It must have at least ${leastPasswordLength} characters.`;
  if (length > mostPasswordLength) return `It must have at most ${mostPasswordLength} characters.`;
  const folded = text.toLowerCase();
  if (isAround(folded, name.toLowerCase())) return "It must not be the user's name.";
  if (isRepeated(folded) || isRun(folded)) return 'It is a pattern that is tried first.';
  if (isCommon(folded)) return 'It is among the passwords that are tried first.';
  return undefined;
}

/** The name, the name repeated or the name with digits and signs around it. */
function isAround(folded: string, name: string): boolean {
  const rest = folded.split(name).join('');
  return rest !== folded && /^[^\p{L}]*$/u.test(rest);
}

/** One piece of at most a third, again and again, the last one perhaps cut. */
function isRepeated(folded: string): boolean {
  for (let size = 1; size * 3 <= folded.length; size++) {
    const piece = folded.slice(0, size);
    if (piece.repeat(Math.ceil(folded.length / size)).startsWith(folded)) return true;
  }
  return false;
}

/** Made of pieces of at least three characters of the rows, forwards or backwards. */
function isRun(folded: string): boolean {
  let at = 0;
  while (at < folded.length) {
    const most = longestRun(folded.slice(at));
    if (most < 3) return false;
    at += most;
  }
  return true;
}

function longestRun(text: string): number {
  let most = 0;
  for (const row of runs.flatMap((run) => [run.repeat(3), [...run.repeat(3)].reverse().join('')])) {
    let length = most;
    while (length < text.length && row.includes(text.slice(0, length + 1))) length++;
    most = length;
  }
  return most;
}

/** Nothing but common words once digits and signs are off, as they are or as what they look like. */
function isCommon(folded: string): boolean {
  const core = folded.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
  const seeming = [...core].map((sign) => lookAlikes[sign] ?? sign).join('');
  return [core, seeming].some((text) => isWords(text.replace(/[^\p{L}]/gu, '')));
}

/** Whether a text of letters is one common word after another. */
function isWords(letters: string): boolean {
  const reachable = new Set([0]);
  for (let at = 0; at < letters.length; at++) {
    if (!reachable.has(at)) continue;
    for (const word of commonWords) if (letters.startsWith(word, at)) reachable.add(at + word.length);
  }
  return letters.length > 0 && reachable.has(letters.length);
}
