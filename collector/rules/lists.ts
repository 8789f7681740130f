import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { catalogue } from '#shared/errors.ts';
import { listBounds, listValues } from '#shared/rules/list-values.ts';
import type { RuleProblem, ValueLists } from '#shared/sigma/index.ts';

export { listBounds };

/**
 * Reads placeholder lists: every `NAME.txt` in the folders is the list NAME, one value a line, blank lines and lines
 * that begin with `#` left out. Lists of one name in several folders are joined. A folder that is not there is no
 * problem; a file that cannot be read or is too large is.
 */
export async function loadLists(
  folders: readonly string[],
): Promise<{ readonly lists: ValueLists; readonly problems: readonly RuleProblem[] }> {
  const lists = new Map<string, readonly string[]>();
  const problems: RuleProblem[] = [];
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []);
    for (const file of names.filter((n) => n.endsWith('.txt')).sort()) {
      const path = join(folder, file);
      const values = await readList(path).catch((error: unknown) => String((error as Error).message));
      if (typeof values === 'string') problems.push(problemOf(path, values));
      else lists.set(basename(file, '.txt'), [...(lists.get(basename(file, '.txt')) ?? []), ...values]);
    }
  }
  return { lists, problems };
}

/** The values, or a word on why there are none. */
async function readList(path: string): Promise<readonly string[] | string> {
  const { size } = await stat(path);
  if (size > listBounds.sizeBytes) return `The list is larger than ${listBounds.sizeBytes} bytes.`;
  return listValues(await readFile(path, 'utf8'));
}

function problemOf(file: string, message: string): RuleProblem {
  const code = 'rule.unreadable';
  return { severity: 'error', code, file, line: 1, column: 1, message, action: catalogue[code].action };
}
