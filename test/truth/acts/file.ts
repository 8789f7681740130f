import { createHash } from 'node:crypto';
import { type BigIntStats, statSync } from 'node:fs';
import type { Act } from '../act.ts';
import { actor, programPath } from '../actors.ts';
import { play } from '../play.ts';
import type { Stage } from '../stage.ts';
import { account, type Fields } from '../told.ts';

/** Files of a folder of the stage that the settings ask for, changed by other processes. */

/** What the settings name the set of paths they ask for. */
const set = 'custom';
export const watchedFolder = 'srv/data';

type Change = Fields<'file.change'>;

/** Does it in a shell that lives until all of it was told; gives who did it: the shell, or the one program it ran. */
async function inShell(stage: Stage, script: string, told: () => Promise<unknown>): Promise<Change> {
  const sh = programPath('sh');
  const args = ['-c', `${script}; read line`];
  const player = await play(stage, sh, args);
  await told();
  await player.letGo();
  const ran = stage.got.of('process.start').find((event) => event['process.parent.pid'] === player.pid);
  if (ran === undefined) return actor(stage, player.pid, sh, [sh, ...args].join(' '));
  const [tool = ''] = script.split(' ');
  return {
    ...actor(stage, ran['process.pid'], programPath(tool), script.replaceAll('"', '')),
    'process.parent.executable': sh,
  };
}

function facts(path: string, stat: BigIntStats, content: string): Change {
  return {
    'event.provider': 'inotify',
    'file.path': path,
    'file.name': path.slice(path.lastIndexOf('/') + 1),
    'file.watch': set,
    'file.type': 'file',
    'file.size': Number(stat.size),
    'file.mode': (Number(stat.mode) & 0o7777).toString(8).padStart(4, '0'),
    'file.uid': String(stat.uid),
    'file.gid': String(stat.gid),
    'file.inode': String(stat.ino),
    'file.mtime': Number(stat.mtimeNs / 1000n),
    'file.hash.sha256': createHash('sha256').update(content).digest('hex'),
  };
}

const byRoot: Change = { 'file.owner': 'root', 'file.group': 'root' };
const look = (path: string) => statSync(path, { bigint: true });

const created: Act = {
  name: 'a file is created',
  async perform(stage) {
    const path = stage.path(`${watchedFolder}/created`);
    const by = await inShell(stage, `umask 027; echo one > ${path}`, () =>
      stage.got.until('file.create', (event) => event['file.path'] === path && event['file.size'] === 4),
    );
    return [
      account(
        'file.create',
        { 'file.path': path },
        { ...facts(path, look(path), 'one\n'), ...byRoot, ...by },
      ),
      account('file.change', { 'file.path': path }),
    ];
  },
};

/** An act on a file that is there for some time. */
function change(
  name: string,
  script: (path: string) => string,
  content: string,
  differs: Change,
  owner: Change = byRoot,
): Act {
  return {
    name,
    async perform(stage) {
      const path = stage.write(`${watchedFolder}/${name.replaceAll(' ', '-')}`, 'before\n');
      await stage.got.until('file.create', (event) => event['file.path'] === path);
      await stage.settle();
      const by = await inShell(stage, script(path), () =>
        stage.got.until('file.change', (event) => event['file.path'] === path),
      );
      return [
        account(
          'file.change',
          { 'file.path': path },
          { ...facts(path, look(path), content), ...owner, ...by, ...differs },
        ),
      ];
    },
  };
}

const before = createHash('sha256').update('before\n').digest('hex');

const written = change('a file is written', (path) => `echo after it > ${path}`, 'after it\n', {
  'file.changes': ['content', 'size'],
  'file.previous.size': 7,
  'file.previous.hash.sha256': before,
});
const modeChanged = change('the mode of a file changes', (path) => `chmod 4711 ${path}`, 'before\n', {
  'file.changes': ['mode'],
  'file.previous.mode': '0644',
});
const ownerChanged = change(
  'the owner of a file changes',
  (path) => `chown 65534:65534 ${path}`,
  'before\n',
  { 'file.changes': ['owner', 'group'], 'file.previous.uid': '0', 'file.previous.gid': '0' },
  { 'file.owner': 'nobody', 'file.group': 'nogroup' },
);

const renamed: Act = {
  name: 'a file gets another name',
  async perform(stage) {
    const path = stage.write(`${watchedFolder}/old name`, 'before\n');
    const next = stage.path(`${watchedFolder}/new name`);
    await stage.got.until('file.create', (event) => event['file.path'] === path);
    await stage.settle();
    const by = await inShell(stage, `mv "${path}" "${next}"`, () =>
      stage.got.until('file.rename', (event) => event['file.path'] === next),
    );
    return [
      account(
        'file.rename',
        { 'file.path': next },
        { ...facts(next, look(next), 'before\n'), ...byRoot, ...by, 'file.previous.path': path },
      ),
      account('file.create', { 'file.path': next }),
      account('file.delete', { 'file.path': path }),
    ];
  },
};

const deleted: Act = {
  name: 'a file is deleted',
  async perform(stage) {
    const path = stage.write(`${watchedFolder}/deleted`, 'before\n');
    await stage.got.until('file.create', (event) => event['file.path'] === path);
    await stage.settle();
    const was = look(path);
    const by = await inShell(stage, `rm ${path}`, () =>
      stage.got.until('file.delete', (event) => event['file.path'] === path),
    );
    return [
      account('file.delete', { 'file.path': path }, { ...facts(path, was, 'before\n'), ...byRoot, ...by }),
    ];
  },
};

/** One of the declared paths, by its own set. */
const declared: Act = {
  name: 'a job of cron appears',
  async perform(stage) {
    const text = '* * * * * root /tmp/x\n';
    const path = stage.write('etc/cron.d/job', text);
    await stage.got.until('file.create', (event) => event['file.path'] === path);
    return [
      account(
        'file.create',
        { 'file.path': path },
        { ...facts(path, look(path), text), ...byRoot, 'file.watch': 'persistence' },
      ),
    ];
  },
};

export const fileActs: readonly Act[] = [
  created,
  written,
  modeChanged,
  ownerChanged,
  renamed,
  deleted,
  declared,
];
