import type { EventByType } from '#shared/events/registry.gen.ts';
import { ownerFields } from '../process/events.ts';
import type { ProcessEntry } from '../process/table.ts';
import type { FileFacts, KnownFile } from './facts.ts';
import { shownPath } from './names.ts';

export type FileEvent = EventByType['file.create' | 'file.change' | 'file.delete' | 'file.rename'];

/** What happened to one path, found by comparing what is there with what is known. */
export interface FileOutcome {
  readonly path: string;
  /** Name of the set of paths it belongs to. */
  readonly set: string;
  readonly before: KnownFile | undefined;
  readonly after: KnownFile | undefined;
  /** The path it had before, when it was renamed. */
  readonly previousPath?: string | undefined;
  readonly changes?: readonly string[] | undefined;
}

/** How it came to be known, the same for all outcomes of one look. */
export interface FileSource {
  readonly baseline: boolean;
  /** `event.provider`. */
  readonly provider: string;
  /** Earliest it can have happened, where it was found by looking rather than told of. */
  readonly since: number | undefined;
}

/** Names of the ids that files carry, where the host knows them. */
export interface IdNames {
  userName(id: string): string | undefined;
  groupName(id: string): string | undefined;
}

export function fileEvent(
  outcome: FileOutcome,
  source: FileSource,
  names: IdNames,
  writer: ProcessEntry | undefined,
  time: number,
): FileEvent {
  const { path, set, before, after, previousPath, changes } = outcome;
  const shown = shownPath(path);
  const common = {
    time,
    'event.baseline': source.baseline || undefined,
    'event.provider': source.provider,
    'file.path': shown,
    'file.name': shown.slice(shown.lastIndexOf('/') + 1),
    'file.watch': set,
    'file.since': source.since,
    ...factFields(after ?? before, names),
    'file.hash.sha256': (after ?? before)?.hash,
    ...writerFields(writer),
  };
  if (previousPath !== undefined) {
    return { type: 'file.rename', ...common, 'file.previous.path': shownPath(previousPath) };
  }
  if (after === undefined) return { type: 'file.delete', ...common };
  if (before === undefined) return { type: 'file.create', ...common };
  return { type: 'file.change', ...common, ...previousFields(before, changes ?? []) };
}

function factFields(facts: FileFacts | undefined, names: IdNames) {
  if (facts === undefined) return {};
  const [uid, gid] = [String(facts.uid), String(facts.gid)];
  return {
    'file.type': facts.kind,
    'file.target_path': facts.target === undefined ? undefined : shownPath(facts.target),
    'file.size': facts.kind === 'file' ? facts.sizeBytes : undefined,
    'file.mode': octal(facts.mode),
    'file.uid': uid,
    'file.owner': names.userName(uid),
    'file.gid': gid,
    'file.group': names.groupName(gid),
    'file.inode': facts.inode,
    'file.mtime': facts.modifiedAt,
  };
}

function previousFields(before: KnownFile, changes: readonly string[]) {
  const changed = (name: string) => changes.includes(name);
  return {
    'file.changes': changes,
    'file.previous.size': changed('size') ? before.sizeBytes : undefined,
    'file.previous.mode': changed('mode') ? octal(before.mode) : undefined,
    'file.previous.uid': changed('owner') ? String(before.uid) : undefined,
    'file.previous.gid': changed('group') ? String(before.gid) : undefined,
    'file.previous.target_path':
      changed('target') && before.target !== undefined ? shownPath(before.target) : undefined,
    'file.previous.hash.sha256': changed('content') ? before.hash : undefined,
  };
}

/** As `file.mode` is declared: four digits, e.g. 0644 or 4755. */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function writerFields(writer: ProcessEntry | undefined) {
  if (writer === undefined) return {};
  return {
    'process.pid': writer.pid,
    ...ownerFields(writer),
    'user.id': writer.userId,
    'user.name': writer.userName,
  };
}
