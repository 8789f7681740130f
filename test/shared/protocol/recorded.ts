/** The frames of released versions, as they went over the wire (scripts/record-protocol.ts). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { top } from '../../vedette.ts';

const folder = join(top, 'test/fixtures/protocol');

export interface Recorded {
  readonly from: 'agent' | 'collector';
  readonly kind: string;
  readonly data: Buffer;
}

export const releases: readonly string[] = readdirSync(folder).sort();

export function recorded(release: string): readonly Recorded[] {
  const lines = readFileSync(join(folder, release, 'frames.jsonl'), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => {
    const { from, kind, base64 } = JSON.parse(line) as Omit<Recorded, 'data'> & { base64: string };
    return { from, kind, data: Buffer.from(base64, 'base64') };
  });
}
