/** Names in GraphQL of what the API declares. */
import type { Operation } from '../operation.ts';

const upper = (word: string) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
const camel = (segment: string) => segment.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

function singular(word: string): string {
  if (/(?:ss|us|is)$/.test(word)) return word;
  return word.replace(/ies$/, 'y').replace(/([^y])s$/, '$1');
}

const isParameter = (segment: string | undefined): boolean => segment?.startsWith(':') === true;

/** The segments of a path, those singular that a parameter picks one of, without the parameters. */
function wordsOf(path: string): readonly string[] {
  const segments = path.split('/').slice(1);
  return segments.flatMap((segment, i) => {
    if (isParameter(segment)) return [];
    return [camel(isParameter(segments[i + 1]) ? singular(segment) : segment)];
  });
}

const joined = (words: readonly string[]) => words.map((word, i) => (i === 0 ? word : upper(word))).join('');
const last = <T>(list: readonly T[]): T => list.at(-1) as T;
const withLast = (words: readonly string[], change: (word: string) => string) => [
  ...words.slice(0, -1),
  change(last(words)),
];

/** Of `GET /hosts` hostList, of `GET /hosts/:id` host, of `POST /hosts/:id/revoke` revokeHost. */
export function fieldName({ method, path }: Pick<Operation, 'method' | 'path'>, isList: boolean): string {
  const words = wordsOf(path);
  const rest = words.slice(0, -1);
  switch (method) {
    case 'GET':
      return isList ? joined([...withLast(words, singular), 'list']) : joined(words);
    case 'POST':
      // What a path ends with is what there is one more of, or what is to be done.
      return last(words).endsWith('s') || rest.length === 0
        ? joined(['create', ...withLast(words, singular)])
        : joined([last(words), ...withLast(rest, singular)]);
    case 'PATCH':
      return joined(['update', ...words]);
    case 'PUT':
      return joined(['save', ...words]);
    case 'DELETE':
      return joined(['delete', ...words]);
  }
}

/** For two that would have one name: by what it picks. */
export function nameByParameters(name: string, path: string): string {
  const parameters = path.split('/').filter(isParameter);
  return `${name}By${parameters.map((parameter) => upper(parameter.slice(1))).join('And')}`;
}

export const typeName = (field: string): string => upper(field);
export const partName = (type: string, property: string): string =>
  `${type}${upper(camel(property.replace(/[^\w-]/g, '-')))}`;
export const isName = (text: string): boolean => /^[A-Za-z][A-Za-z0-9_]*$/.test(text);
