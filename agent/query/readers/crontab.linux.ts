import { join } from 'node:path';
import type { crontab as spec } from '#shared/tables/crontab.ts';
import type { RowOf } from '#shared/tables/spec.ts';
import { namesIn, settledLines } from '../files.ts';
import type { QueryHost } from '../reader.ts';

interface CronFile {
  readonly path: string;
  /** Whose it is; system files name the user in each line. */
  readonly owner?: string;
}

function filesOf({ etcRoot, varRoot }: QueryHost): CronFile[] {
  const system = ['crontab', ...namesIn(join(etcRoot, 'cron.d')).map((name) => `cron.d/${name}`)];
  const own = ['spool/cron/crontabs', 'spool/cron'].flatMap((folder) =>
    namesIn(join(varRoot, folder)).map((owner) => ({ path: join(varRoot, folder, owner), owner })),
  );
  return [...system.map((name) => ({ path: join(etcRoot, name) })), ...own];
}

/** Up to `count` words, and what follows them. */
function split(line: string, count: number): { readonly words: readonly string[]; readonly rest: string } {
  const words: string[] = [];
  let rest = line;
  for (let i = 0; i < count; i++) {
    const [, word, behind] = /^(\S+)\s+(.*)$/.exec(rest) ?? [];
    if (word === undefined) break;
    words.push(word);
    rest = behind ?? '';
  }
  return { words, rest };
}

/** One line of crontab(5); undefined for settings of the environment. */
function jobOf(line: string, { path, owner }: CronFile): RowOf<typeof spec> | undefined {
  if (/^[A-Za-z_]\w*\s*=/.test(line)) return undefined;
  const isNickname = line.startsWith('@');
  const times = isNickname ? 1 : 5;
  const { words, rest } = split(line, times + (owner === undefined ? 1 : 0));
  if (words.length < times) return undefined;
  const username = owner ?? words[times];
  if (isNickname) return { event: words[0], username, command: rest, path };
  const [minute, hour, day, month, weekday] = words;
  return {
    ...{ minute, hour, month, username, path },
    day_of_month: day,
    day_of_week: weekday,
    command: rest,
  };
}

export function* crontab(host: QueryHost): Iterable<RowOf<typeof spec>> {
  for (const file of filesOf(host)) {
    for (const line of settledLines(file.path)) {
      const job = jobOf(line, file);
      if (job !== undefined) yield job;
    }
  }
}
