import type { Detector } from '../detect/contract.ts';
import type { JournalReader } from '../store/journal/contract.ts';
import type { Detectable } from './detectable.ts';
import { type RebuildOptions, rebuild } from './rebuild.ts';

export interface SwitchOptions {
  /** The detector at work, and the one with the new rules, which has no state yet. */
  readonly from: Detector;
  readonly to: Detector;
  /** Up to where the one at work has detected. */
  readonly cursor: number;
  readonly reader: JournalReader;
  readonly read: (after: number, upTo: number) => Promise<readonly Detectable[]>;
  readonly onRefused: (reason: string) => void;
  readonly sealed: RebuildOptions['sealed'];
  /** Makes the switch durable. Once it resolves the new rules are in force; if it rejects, the old ones still are. */
  readonly commit: (cursor: number, snapshot: Uint8Array | null) => Promise<void>;
}

/**
 * Gives new rules the state of the old: correlations that say the same go on where they are, new and changed ones look
 * back over what is stored, as after a restart. Gives the state that was kept; null when it is too large.
 * Events that the old rules had seen raise no alert again, nor do they raise one by the new rules.
 */
export async function switchRules(options: SwitchOptions): Promise<Uint8Array | null> {
  const { from, to, cursor, reader, read, onRefused, sealed, commit } = options;
  const data = from.snapshot();
  const snapshot = data === null ? undefined : { cursor, data };
  await rebuild(to, { reader, cursor, snapshot, read, onRefused, sealed });
  const state = to.snapshot();
  await commit(cursor, state);
  return state;
}
