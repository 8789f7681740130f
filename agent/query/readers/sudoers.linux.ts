import { join } from 'node:path';
import type { RowOf } from '#shared/tables/spec.ts';
import type { sudoers as spec } from '#shared/tables/sudoers.ts';
import { parseSudoers } from '../../sensors/account/sudoers.ts';
import { namesIn, textAt } from '../files.ts';
import type { QueryHost } from '../reader.ts';

/** sudo itself passes over files whose names have a dot or end in `~` (sudoers(5), includedir). */
function sourcesOf(etcRoot: string): string[] {
  const folder = join(etcRoot, 'sudoers.d');
  const parts = namesIn(folder).filter((name) => !name.includes('.') && !name.endsWith('~'));
  return [join(etcRoot, 'sudoers'), ...parts.map((name) => join(folder, name))];
}

export function* sudoers({ etcRoot }: QueryHost): Iterable<RowOf<typeof spec>> {
  for (const source of sourcesOf(etcRoot)) {
    for (const { subject, text } of parseSudoers(textAt(source)))
      yield { source, header: subject, rule_details: text.slice(subject.length).trim() };
  }
}
