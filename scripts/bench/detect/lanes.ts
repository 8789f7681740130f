import type { ColumnarEvents } from '#shared/schema/columns.ts';
import type { Logsource } from '#shared/schema/spec.ts';
import type { EventSchema } from '#shared/sigma/index.ts';
import { cloudAudit } from './cloud.ts';
import { columnsOf, type Row } from './columns.ts';
import { linuxMixed } from './linux.ts';
import type { Random } from './templates.ts';
import { dns, sysmonFiles, windowsProcesses } from './windows.ts';

/** One kind of events of a lane. */
export interface Source {
  /** Part of the lane's events; a lane's sum to 1. */
  readonly share: number;
  readonly type: string;
  readonly schema: EventSchema;
  /** What the events are as JSON, in Sigma's words. */
  readonly logsource: Logsource;
  /** The name a field has there; its own unless given. */
  readonly nameOf?: (field: string) => string;
  readonly make: (random: Random) => Row;
}

export interface Lane {
  readonly name: string;
  readonly sources: readonly Source[];
  /** Events a second asked of the whole corpus on one core. */
  readonly goal?: number;
}

export const lanes: readonly Lane[] = [
  { name: 'linux mixed', sources: linuxMixed, goal: 150_000 },
  { name: 'windows processes', sources: windowsProcesses, goal: 60_000 },
  { name: 'sysmon files', sources: sysmonFiles },
  { name: 'cloud audit', sources: cloudAudit },
  { name: 'dns', sources: dns },
];

export interface Batch {
  readonly source: Source;
  readonly schema: EventSchema;
  readonly events: ColumnarEvents;
  readonly rows: readonly Row[];
}

/** `count` events as an agent sends them: batches of `size`, each split by kind. */
export function batchesOf(lane: Lane, random: Random, count: number, size: number): readonly Batch[] {
  const batches: Batch[] = [];
  for (let done = 0; done < count; done += size) {
    const rows = lane.sources.map((): Row[] => []);
    for (let i = 0; i < size; i++) {
      const kind = kindOf(lane, random());
      rows[kind]!.push(lane.sources[kind]!.make(random));
    }
    lane.sources.forEach((source, kind) => {
      const { type, schema } = source;
      if (rows[kind]!.length > 0)
        batches.push({ source, schema, events: columnsOf(type, rows[kind]!), rows: rows[kind]! });
    });
  }
  return batches;
}

/** The source whose share of [0, 1) a number falls in. */
function kindOf({ sources }: Lane, at: number): number {
  let left = at;
  for (const [kind, { share }] of sources.entries()) {
    left -= share;
    if (left < 0) return kind;
  }
  return 0;
}

/** The rows of a batch as JSON lines. */
export function jsonOf({ source: { nameOf = (field) => field }, rows }: Batch): Buffer {
  const line = (row: Row) =>
    JSON.stringify(Object.fromEntries(Object.entries(row).map(([field, value]) => [nameOf(field), value])));
  return Buffer.from(`${rows.map(line).join('\n')}\n`);
}
