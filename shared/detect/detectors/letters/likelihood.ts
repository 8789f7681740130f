import { eachTriple, tripleIndex } from './alphabet.ts';
import { letterModel } from './model.gen.ts';

const bits = Buffer.from(letterModel, 'base64');

/**
 * How likely the letters of a word follow one another, as log2 of the probability a letter: about -3 for words and
 * names people make, -5 and below for letters at random. 0 of an empty word. Upper case counts as lower.
 */
export function likelihoodOf(word: string): number {
  let sum = 0;
  let count = 0;
  eachTriple(word.toLowerCase(), (before, last, next) => {
    sum += bits[tripleIndex(before, last, next)]!;
    count++;
  });
  return word === '' ? 0 : -sum / 16 / count;
}

/** Shannon entropy of a text, bits a character. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const one of text) counts.set(one, (counts.get(one) ?? 0) + 1);
  const { length } = [...text];
  let entropy = 0;
  for (const count of counts.values()) entropy -= (count / length) * Math.log2(count / length);
  return entropy;
}
