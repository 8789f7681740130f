import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** Where an act may leave things; all of it goes when the demo ends. */
export interface Stage {
  /** A folder of its own under the system's temporary folder. */
  readonly folder: string;
  /** Appears in the command line or program of the act, so that its alert is told from any other. */
  readonly marker: string;
  /** Seconds an act lasts, long enough to be seen by sampling. */
  readonly seconds: number;
  /** Port of a listener of ours on every loopback address. */
  readonly port: number;
}

/** What to run; nothing of it changes the system outside the stage. */
export interface Act {
  readonly name: string;
  /** File name of the starter rule that should notice, without `.yml`. */
  readonly rule: string;
  /** Why this host cannot do it; undefined when it can. */
  readonly unavailable?: () => string | undefined;
  /** Program and arguments. */
  readonly command: (stage: Stage) => readonly [program: string, ...args: string[]];
}

const shell = (script: string, { marker, seconds }: Stage) =>
  ['/bin/sh', '-c', `${script}; sleep ${seconds} # ${marker}`] as const;

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

const blockDevice = ['/dev/loop0', '/dev/loop1', '/dev/vda', '/dev/sda', '/dev/nvme0n1'].find(isReadable);

export const acts: readonly Act[] = [
  {
    name: 'ties a command to a listener of its own, as a reverse shell would',
    rule: 'reverse-shell',
    unavailable: () => (existsSync('/bin/bash') ? undefined : 'there is no bash'),
    command: ({ port, marker, seconds }) => [
      '/bin/bash',
      '-c',
      `sleep ${seconds} >& /dev/tcp/127.0.0.1/${port} # ${marker}`,
    ],
  },
  {
    name: 'decodes a harmless script and runs it',
    rule: 'decode-and-run',
    command: (stage) => shell('echo dHJ1ZQo= | base64 -d | sh', stage),
  },
  {
    name: 'looks at the file of password hashes and shows nothing of it',
    rule: 'credential-file-access',
    command: (stage) => shell('cat /etc/shadow >/dev/null 2>&1', stage),
  },
  {
    name: 'listens on loopback from a shell',
    rule: 'listener-from-shell',
    command: ({ folder, marker, seconds }) => {
      const node = join(folder, 'node');
      symlinkSync(process.execPath, node);
      const code = `require("net").createServer().listen(0,"127.0.0.1");setTimeout(process.exit,${seconds * 1000})`;
      return ['/bin/sh', '-c', `${node} -e '${code}' ${marker}; true`];
    },
  },
  {
    name: 'makes a file of its own set-uid, for its own user',
    rule: 'set-uid-made',
    command: (stage) => {
      const file = join(stage.folder, 'set-uid');
      writeFileSync(file, '');
      return shell(`chmod u+s ${file}`, stage);
    },
  },
  {
    name: 'writes an autostart entry into a folder of its own',
    rule: 'scheduled-persistence',
    command: (stage) => {
      const folder = join(stage.folder, '.config', 'autostart');
      mkdirSync(folder, { recursive: true });
      return shell(`echo '# nothing' | tee ${folder}/demo.desktop >/dev/null`, stage);
    },
  },
  {
    name: 'runs a program from the temporary folder',
    rule: 'execution-from-temporary-folder',
    command: ({ folder, marker, seconds }) => {
      const program = join(folder, marker);
      copyFileSync('/bin/sleep', program);
      chmodSync(program, 0o755);
      return [program, String(seconds)];
    },
  },
  {
    name: 'connects to the demonstration address of the list, on loopback',
    rule: 'connection-to-listed-address',
    command: ({ port, marker, seconds }) => [
      process.execPath,
      '-e',
      `require("net").connect(${port},"127.66.6.6");setTimeout(process.exit,${seconds * 1000})`,
      marker,
    ],
  },
  {
    name: 'opens a disk and reads nothing of it',
    rule: 'raw-device-opened',
    unavailable: () => (blockDevice === undefined ? 'no disk may be opened by this user' : undefined),
    command: (stage) => shell(`exec 9<${blockDevice}`, stage),
  },
];
