import { basename, isAbsolute, join, normalize } from 'node:path';
import type { EventByType } from '#shared/events/registry.gen.ts';
import type { AuditAct } from './act.ts';
import type { AuditRecord } from './record.ts';

type FileFacts = Omit<EventByType['file.create'], 'type'>;
type FileEvent =
  | EventByType['file.create']
  | EventByType['file.change']
  | EventByType['file.delete']
  | EventByType['file.rename'];
type Change = Pick<
  EventByType['file.change'],
  'file.changes' | 'file.previous.mode' | 'file.previous.uid' | 'file.mode' | 'file.uid'
>;

/** Flags of open(2) with which content may change: O_WRONLY, O_RDWR, O_TRUNC (asm-generic/fcntl.h). */
const writeFlags = 0o1 | 0o2 | 0o1000;
/** Which argument holds the flags, the mode or the owner. */
const flagsAt: Readonly<Record<string, string>> = { open: 'a1', openat: 'a2' };
const modeAt: Readonly<Record<string, string>> = {
  chmod: 'a1',
  fchmod: 'a1',
  fchmodat: 'a2',
  fchmodat2: 'a2',
};
const ownerAt: Readonly<Record<string, string>> = { chown: 'a1', lchown: 'a1', fchown: 'a1', fchownat: 'a2' };
const contentCalls = new Set(['creat', 'truncate', 'ftruncate']);
const renames = new Set(['rename', 'renameat', 'renameat2']);

/** Calls that take a folder's descriptor before a path; AT_FDCWD, -100, stands for the working directory. */
const atCalls = /(?:at|at2)$/;
const workingDirectory = /^(?:f{8})?f{6}9c$/i;

/** S_IFMT of linux/stat.h, by the two digits before the permissions. */
const kinds: Readonly<Record<string, EventByType['file.create']['file.type']>> = {
  '01': 'fifo',
  '02': 'device',
  '04': 'dir',
  '06': 'device',
  '10': 'file',
  '12': 'symlink',
  '14': 'socket',
};

/**
 * What a call did to files, from its PATH records: only calls that succeeded, and only paths that are known from the
 * root.
 */
export function fileEvents(act: AuditAct): FileEvent[] {
  const { callName, succeeded, event } = act;
  if (callName === undefined || !succeeded) return [];
  const paths = event.records.filter(({ type }) => type === 'PATH');
  const of = (nametype: string) => paths.filter(({ fields }) => fields.get('nametype') === nametype);
  const created = of('CREATE').flatMap((record) => factsOf(record, act) ?? []);
  const deleted = of('DELETE').flatMap((record) => factsOf(record, act) ?? []);
  if (renames.has(callName)) return renamed(deleted[0], created[0]);
  return [
    ...deleted.map((facts) => ({ type: 'file.delete', ...facts }) as const),
    ...created.map((facts) => ({ type: 'file.create', ...facts }) as const),
    ...changed(of('NORMAL'), act),
  ];
}

function renamed(before: FileFacts | undefined, after: FileFacts | undefined): FileEvent[] {
  if (before === undefined || after === undefined) return [];
  return [{ type: 'file.rename', ...after, 'file.previous.path': before['file.path'] }];
}

function changed(records: readonly AuditRecord[], act: AuditAct): FileEvent[] {
  return records.flatMap((record) => {
    const change = changeOf(record, act);
    const facts = change === undefined ? undefined : factsOf(record, act);
    return facts === undefined ? [] : [{ type: 'file.change', ...facts, ...change } as const];
  });
}

/** PATH records tell what was before the call; its arguments tell the rest. */
function changeOf({ fields }: AuditRecord, { callName = '', call }: AuditAct): Change | undefined {
  const argument = (at: string | undefined) => {
    const text = at === undefined ? undefined : call?.fields.get(at);
    return text !== undefined && /^[0-9a-f]{1,16}$/i.test(text) ? Number.parseInt(text, 16) : undefined;
  };
  const flags = argument(flagsAt[callName]);
  if (contentCalls.has(callName) || (flags !== undefined && (flags & writeFlags) !== 0))
    return { 'file.changes': ['content'] };
  const mode = argument(modeAt[callName]);
  if (mode !== undefined) {
    const changes = { 'file.changes': ['mode'], 'file.mode': octal(mode & 0o7777) };
    return { ...changes, 'file.previous.mode': modeOf(fields.get('mode')) };
  }
  const owner = argument(ownerAt[callName]);
  if (owner === undefined) return undefined;
  // -1 leaves the owner and changes the group alone, of which the record does not tell the new one.
  if ((owner & 0xffff_ffff) === -1) return { 'file.changes': ['group'] };
  const uid = String(owner >>> 0);
  return { 'file.changes': ['owner'], 'file.uid': uid, 'file.previous.uid': fields.get('ouid') };
}

function factsOf({ fields }: AuditRecord, act: AuditAct): FileFacts | undefined {
  const path = absolute(fields.get('name'), act);
  if (path === undefined) return undefined;
  const mode = fields.get('mode');
  return {
    time: act.event.at,
    'event.provider': 'auditd',
    'file.path': path,
    'file.name': basename(path) || undefined,
    'file.type': mode === undefined ? undefined : kinds[mode.padStart(7, '0').slice(1, 3)],
    'file.mode': modeOf(mode),
    'file.uid': fields.get('ouid'),
    'file.owner': fields.get('OUID'),
    'file.gid': fields.get('ogid'),
    'file.group': fields.get('OGID'),
    'file.inode': fields.get('inode'),
    'process.pid': act.pid,
    'process.name': act.comm,
    'process.executable': act.exe,
    'process.command_line': act.commandLine,
    'user.id': act.userId,
    'user.name': act.call?.fields.get('UID'),
  };
}

function absolute(name: string | undefined, { cwd, callName = '', call }: AuditAct): string | undefined {
  if (name === undefined) return undefined;
  if (isAbsolute(name)) return normalize(name);
  if (cwd === undefined || !isAbsolute(cwd)) return undefined;
  const folder = atCalls.test(callName) && callName !== 'symlinkat' ? call?.fields.get('a0') : undefined;
  if (folder !== undefined && !workingDirectory.test(folder)) return undefined;
  return join(cwd, name);
}

function modeOf(text: string | undefined): string | undefined {
  return text !== undefined && /^[0-7]{4,7}$/.test(text)
    ? octal(Number.parseInt(text, 8) & 0o7777)
    : undefined;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
