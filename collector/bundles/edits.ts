/** Changes to single rules of what is in force, as a source of a new bundle. */
import type { TestRecord } from '#shared/bundle/index.ts';
import { VedetteError } from '#shared/errors.ts';
import { parseRules } from '#shared/sigma/index.ts';
import type { CheckedSource } from './check.ts';
import { isRule, type SourceFiles } from './source.ts';

/** Where rules go that are new. */
const ownFolder = 'rules/own';

/** One file of rules as it is to be; `tests` undefined leaves those there are. */
export interface RuleEdit {
  readonly text: string;
  readonly tests?: string;
}

/** What is in force, with the tests of it that are known. */
export interface EditBase {
  readonly files: SourceFiles;
  /** What the manifest says of tests that need not be here; null where there is no bundle and all tests are. */
  readonly vouched: { readonly untested: readonly string[]; readonly tests: readonly TestRecord[] } | null;
}

/** Where the tests of a file of rules stand. */
export const testFileOf = (path: string) => path.replace(/\.ya?ml$/i, '.test.yml');

function idsOf(text: string, file: string): readonly string[] {
  return parseRules(text, file).documents.map(({ id }) => id);
}

/** The file that holds a rule of one of these ids, with all its ids. Only files that name one are parsed. */
function fileOf(files: SourceFiles, ids: readonly string[]) {
  for (const [path, data] of files) {
    if (!isRule(path)) continue;
    const text = Buffer.from(data).toString();
    if (!ids.some((id) => text.includes(id))) continue;
    const held = idsOf(text, path);
    if (ids.some((id) => held.includes(id))) return { path, held };
  }
  return undefined;
}

export interface EditedSource {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Files of rules that are not as they were. */
  readonly changed: ReadonlySet<string>;
}

/**
 * The source with these edits: one replaces the file that holds a rule of the same id, or is a new file. Throws
 * `api.conflict` where an edit would take away other rules of a file.
 */
export function editedSource({ files }: EditBase, edits: readonly RuleEdit[]): EditedSource {
  const result = new Map(files);
  const changed = new Set<string>();
  for (const { text, tests } of edits) {
    const ids = idsOf(text, 'the rule');
    const known = fileOf(result, ids);
    const path = known?.path ?? `${ownFolder}/${fileNameOf(ids[0] ?? 'rule')}.yml`;
    const lost = known?.held.filter((id) => !ids.includes(id)) ?? [];
    if (lost.length > 0) {
      const detail = `The file ${path} also holds ${lost.join(', ')}; an edit of it must hold them too.`;
      throw new VedetteError('api.conflict', detail);
    }
    result.set(path, Buffer.from(text));
    changed.add(path);
    if (tests !== undefined && tests.trim() !== '') result.set(testFileOf(path), Buffer.from(tests));
    else if (tests !== undefined) result.delete(testFileOf(path));
  }
  return { files: result, changed };
}

/** Ids may be anything; a name of a file is what every system takes. */
function fileNameOf(id: string): string {
  const name = id
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return `rule-${name.slice(0, 80) || 'unnamed'}`;
}

/** The check of an edited source, with what the manifest before vouches for where nothing was changed. */
export function withVouched(
  checked: CheckedSource,
  { vouched }: EditBase,
  { files, changed }: EditedSource,
): CheckedSource {
  if (vouched === null) return checked;
  const isVouched = (path: string) =>
    !changed.has(path) && !files.has(testFileOf(path)) && !vouched.untested.includes(path);
  const kept = vouched.tests.filter(
    ({ path }) => !files.has(path) && ![...changed].some((file) => testFileOf(file) === path),
  );
  return {
    ...checked,
    untested: checked.untested.filter((path) => !isVouched(path)),
    tests: [...checked.tests, ...kept],
  };
}
