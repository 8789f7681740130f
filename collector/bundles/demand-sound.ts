import { VedetteError } from '#shared/errors.ts';
import { preparedPath } from '#shared/rules/prepared/form.ts';
import type { CheckedSource } from './check.ts';
import type { SourceFiles } from './source.ts';

/** Names in a message; the rest is counted. */
const named = 5;

function few(items: readonly string[], between: string): string {
  const more = items.length > named ? `${between}and ${items.length - named} more` : '';
  return `${items.slice(0, named).join(between)}${more}`;
}

/** Refuses rules that do not compile, and untested ones unless forced. Throws `rules.refused`, `rules.untested`. */
export function demandSound({ problems, untested, failed }: CheckedSource, isForced: boolean): void {
  const refused = problems.filter(({ severity }) => severity === 'error');
  if (refused.length > 0) {
    const lines = refused.map(({ file, line, message }) => `${file}:${line}: ${message}`);
    throw new VedetteError('rules.refused', `${refused.length} are refused. ${few(lines, ' ')}`);
  }
  if (isForced) return;
  const failures = failed.map(({ file, name, detail }) => `${file}, ${name}: ${detail}`);
  demandTested(untested, failures);
}

/** Refuses files without tests. Throws `rules.untested`. */
export function demandTested(untested: readonly string[], failures: readonly string[] = []): void {
  if (untested.length === 0) return;
  const detail = `${untested.length}: ${few(untested, ', ')}. ${few(failures, ' ')}`;
  throw new VedetteError('rules.untested', detail.trim());
}

/**
 * Refuses what was prepared of the rules where it is not what their texts say: hosts would run what nobody reads. A
 * bundle may come without. Throws `bundle.prepared_differs`.
 */
export function demandPrepared(files: SourceFiles, { prepared }: Pick<CheckedSource, 'prepared'>): void {
  const carried = files.get(preparedPath);
  if (carried === undefined) return;
  if (prepared !== undefined && Buffer.from(prepared).equals(carried)) return;
  throw new VedetteError('bundle.prepared_differs', `${preparedPath} is not what its rules come to here.`);
}
