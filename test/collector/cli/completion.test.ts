/** Completion as a shell runs it. */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { completionScript, type Shell } from '../../../collector/cli/completion.ts';
import { program } from '../../../collector/cli/main.ts';
import { tempFolder } from '../../temp.ts';

const bash = '/bin/bash';

t.test('bash offers what may come next', { skip: !existsSync(bash) && 'no bash' }, async (t) => {
  const file = join(tempFolder(t), 'vedette.bash');
  writeFileSync(file, completionScript('bash', await program()));
  const offered = (...words: readonly string[]) => {
    const script = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _vedette; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync(bash, ['-c', script, 'bash', file, 'vedette', ...words], {
      encoding: 'utf8',
    });
    t.equal(stderr, '');
    return stdout.split('\n').filter((word) => word !== '');
  };
  t.ok(offered('').includes('alerts') && offered('').includes('--version'));
  t.same(offered('rules', 'pu'), ['push']);
  t.same(offered('alerts', '--min-level', 'me'), ['medium']);
  t.same(offered('alerts', 'list', '--min-level', 'cr'), ['critical']);
  t.ok(offered('alerts', 'show', '').includes('--json'));
  t.notOk(offered('alerts', 'show', '').includes('--min-level'));
  t.same(offered('completion', 'zz'), []);
});

t.test('every shell gets every command', async (t) => {
  for (const shell of ['bash', 'zsh', 'fish'] satisfies Shell[]) {
    const script = completionScript(shell, await program());
    for (const command of (await program()).commands) t.ok(script.includes(command.name()), command.name());
  }
});
