import { basename } from 'node:path/posix';
import { catalogue } from '../errors.ts';
import type { RuleProblem } from '../sigma/problem.ts';
import { listBounds, listValues } from './list-values.ts';

/** Files by path, with `/` between folders. */
export type RuleFiles = ReadonlyMap<string, Uint8Array>;

/** Paths of a folder by the ending of their names, in order. */
export function pathsUnder(files: RuleFiles, folder: string, ending: RegExp): readonly string[] {
  return [...files.keys()].filter((path) => path.startsWith(folder) && ending.test(path)).sort();
}

export function textOf(files: RuleFiles, path: string): string {
  return new TextDecoder().decode(files.get(path));
}

/** `lists/NAME.txt` as the list NAME; files of one name together. What cannot be read is among the problems. */
export function listsOf(files: RuleFiles): {
  readonly lists: ReadonlyMap<string, readonly string[]>;
  readonly problems: readonly RuleProblem[];
} {
  const lists = new Map<string, readonly string[]>();
  const problems: RuleProblem[] = [];
  for (const path of pathsUnder(files, 'lists/', /\.txt$/)) {
    const isLong = (files.get(path)?.length ?? 0) > listBounds.sizeBytes;
    const values = isLong
      ? `The list is larger than ${listBounds.sizeBytes} bytes.`
      : listValues(textOf(files, path));
    const name = basename(path, '.txt');
    if (typeof values === 'string') problems.push(problemOf(path, values));
    else lists.set(name, [...(lists.get(name) ?? []), ...values]);
  }
  return { lists, problems };
}

function problemOf(file: string, message: string): RuleProblem {
  const code = 'rule.unreadable';
  return { severity: 'error', code, file, line: 1, column: 1, message, action: catalogue[code].action };
}
