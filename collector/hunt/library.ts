/** The hunts that come with the product: `library/NAME.sql`, SQL under a head of comments. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HuntParameter, type HuntText, huntParameterTypes } from '../store/contract.ts';

export const libraryFolder = join(import.meta.dirname, 'library');

function parameterOf(text: string): HuntParameter {
  const parts = /^(\w+) (\w+)(?: = (.*?))?: (.+)$/.exec(text);
  const type = huntParameterTypes.find((one) => one === parts?.[2]);
  if (parts === null || type === undefined) throw new Error(`not a parameter: ${text}`);
  return { name: parts[1] as string, type, default: parts[3] ?? null, doc: parts[4] as string };
}

/**
 * Reads a hunt. Its head is lines `-- title: …`, `-- description: …` (which may go on in lines that begin with `--` and
 * three spaces), `-- tags: a, b` and for each parameter `-- parameter NAME TYPE = DEFAULT: what it is`. Throws where one
 * of them is malformed or missing.
 */
export function parseHunt(name: string, text: string): HuntText {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('--'));
  const head = lines.slice(0, end).join('\n').replaceAll('\n--   ', ' ').split('\n');
  const entries = head.map((line) => /^-- (\w+)(?:: | )(.+)$/.exec(line));
  const all = (key: string) => entries.flatMap((entry) => (entry?.[1] === key ? [entry[2] as string] : []));
  const one = (key: string) => {
    const [value] = all(key);
    if (value === undefined) throw new Error(`${name}: the head lacks ${key}`);
    return value;
  };
  return {
    name,
    title: one('title'),
    description: one('description'),
    tags: one('tags').split(/, ?/),
    parameters: all('parameter').map(parameterOf),
    sql: lines.slice(end).join('\n').trim(),
  };
}

/** All of them, by name. */
export function loadLibrary(): readonly HuntText[] {
  return readdirSync(libraryFolder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => parseHunt(file.slice(0, -4), readFileSync(join(libraryFolder, file), 'utf8')));
}
