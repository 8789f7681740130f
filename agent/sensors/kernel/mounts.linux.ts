import type { EventByType } from '#shared/events/registry.gen.ts';
import { BoundedFile } from '../linux/bounded-file.ts';
import type { ProcessEntry } from '../process/table.ts';
import { actorFieldsOf } from './actor.ts';

type MountChange = EventByType['mount.change'];

/** Bytes of a mountinfo that are read: some ten thousand mounts. */
const maxBytes = 2 * 1024 * 1024;
/** Changes told of one look; a host that mounts more at once tells how many in its note. */
const maxChanges = 1024;

export interface Mount {
  readonly id: string;
  readonly point: string;
  readonly source: string;
  readonly type: string;
  readonly options: string;
}

/** Space, tab, newline and backslash are written as octal numbers (getmntent(3)). */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** Mounts of a text as /proc/PID/mountinfo gives it (proc(5)), by id. Lines that are not understood are passed over. */
export function parseMountinfo(text: string): Map<string, Mount> {
  const mounts = new Map<string, Mount>();
  for (const row of text.split('\n')) {
    const [fields, rest] = splitAt(row, ' - ');
    const [id, , , , point, options] = fields.split(' ');
    const [type, source] = rest?.split(' ') ?? [];
    // A source may be empty: whoever mounts says what it is called.
    if (!id || !point || !options || !type || source === undefined || !/^\d{1,10}$/.test(id)) continue;
    mounts.set(id, { id, point: unescaped(point), options, type, source: unescaped(source) });
  }
  return mounts;
}

function splitAt(text: string, mark: string): [before: string, after: string | undefined] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + mark.length)];
}

/** Mounts of the agent's own mount namespace, compared from look to look. */
export class Mounts {
  readonly #path: string;
  readonly #file = new BoundedFile(maxBytes);
  #text: string | undefined;
  #known: Map<string, Mount> | undefined;
  /** Changes that were not told for their number. */
  untold = 0;

  constructor(procRoot: string) {
    this.#path = `${procRoot}/self/mountinfo`;
  }

  /** What was mounted and unmounted since the last call; everything, as baseline, at the first. */
  compare(time: number, provider: string, actor?: ProcessEntry): MountChange[] {
    const text = this.#file.text(this.#path);
    if (text === undefined || text === this.#text) return [];
    this.#text = text;
    const before = this.#known;
    const now = parseMountinfo(text);
    this.#known = now;
    const isThere = (mounts: ReadonlyMap<string, Mount> | undefined, { id, point, source }: Mount) => {
      const other = mounts?.get(id);
      return other?.point === point && other.source === source;
    };
    const event = (action: MountChange['event.action'], mount: Mount): MountChange => ({
      type: 'mount.change',
      time,
      'event.baseline': before === undefined || undefined,
      'event.provider': provider,
      'event.action': action,
      'mount.point': mount.point,
      'mount.source': mount.source,
      'mount.type': mount.type,
      'mount.options': mount.options,
      ...actorFieldsOf(actor),
    });
    const gone = [...(before?.values() ?? [])].filter((mount) => !isThere(now, mount));
    const added = [...now.values()].filter((mount) => !isThere(before, mount));
    const events = [...gone.map((m) => event('unmounted', m)), ...added.map((m) => event('mounted', m))];
    this.untold += Math.max(0, events.length - maxChanges);
    return events.slice(0, maxChanges);
  }
}
