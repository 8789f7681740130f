import { ownerFields } from '../process/events.ts';
import type { ProcessEntry } from '../process/table.ts';

/** The fields that say which process did something; empty when that is not known. */
export function actorFieldsOf(actor: ProcessEntry | undefined) {
  if (actor === undefined) return {};
  return {
    ...ownerFields(actor),
    'process.pid': actor.pid,
    'user.id': actor.userId,
    'user.name': actor.userName,
  };
}
