import { join } from 'node:path';
import type { shellHistory as spec } from '#shared/tables/shell-history.ts';
import type { RowOf } from '#shared/tables/spec.ts';
import { linesAt, wholeNumber } from '../files.ts';
import type { QueryHost } from '../reader.ts';
import { homesOf } from './accounts.linux.ts';

const files = [
  '.bash_history',
  '.zsh_history',
  '.sh_history',
  '.ash_history',
  '.local/share/fish/fish_history',
];
/** Newest lines told of one file. */
const maxLines = 10_000;
const maxLength = 4096;

/** bash puts `#SECONDS` before a line, zsh `: SECONDS:DURATION;` at its begin, fish each in a field of its own. */
function* commandsIn(
  path: string,
): Iterable<{ readonly time: number | undefined; readonly command: string }> {
  const isFish = path.endsWith('fish_history');
  let time: number | undefined;
  for (const line of linesAt(path).slice(-maxLines)) {
    const stamp = /^#(\d{9,10})$/.exec(line)?.[1];
    const [, zshTime, zshCommand] = /^: (\d{9,10}):\d+;(.*)$/.exec(line) ?? [];
    if (stamp !== undefined) time = Number(stamp);
    else if (zshCommand !== undefined) yield { time: wholeNumber(zshTime), command: zshCommand };
    else if (isFish) {
      if (line.startsWith('- cmd: ')) yield { time: undefined, command: line.slice(7) };
    } else if (line !== '') {
      yield { time, command: line };
      time = undefined;
    }
  }
}

export function* shellHistory(host: QueryHost): Iterable<RowOf<typeof spec>> {
  for (const { uid, username, home } of homesOf(host)) {
    for (const name of files) {
      const path = join(home, name);
      for (const { time, command } of commandsIn(path))
        yield { uid, username, time, command: command.slice(0, maxLength), history_file: path };
    }
  }
}
