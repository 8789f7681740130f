import { byEntity, byPid } from './find-process.ts';
import type { Scope } from './gather.ts';
import { type KnownProcess, toldParent } from './process.ts';

/** More than any real chain; a loop in what hosts say ends here at the latest. */
const maxAncestors = 64;

/**
 * The parents of a process, the nearest first, up to pid 1 or to where nothing tells of them. One whose own events are
 * missing is there as its child tells of it, and the chain ends with it unless its pid leads on.
 */
export async function ancestorsOf(scope: Scope, process: KnownProcess): Promise<KnownProcess[]> {
  const found: KnownProcess[] = [];
  const keys = new Set([process.key]);
  for (let child = process; found.length < maxAncestors && child.pid !== 1; ) {
    const parent = await parentOf(scope, child);
    if (parent === undefined || keys.has(parent.key)) break;
    keys.add(parent.key);
    found.push(parent);
    child = parent;
  }
  return found;
}

async function parentOf(scope: Scope, child: KnownProcess): Promise<KnownProcess | undefined> {
  const { parentEntityId, parentPid } = child;
  const known = parentEntityId === null ? undefined : await byEntity(scope, parentEntityId);
  if (known !== undefined) return known;
  const at = child.startedAt ?? child.source?.event.time;
  if (parentEntityId === null && parentPid !== null && parentPid > 0 && at !== undefined) {
    const had = await byPid(scope, parentPid, at);
    if (had.ok) return had.value;
  }
  return toldParent(child);
}
