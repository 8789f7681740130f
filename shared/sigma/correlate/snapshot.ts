import { crc32 } from 'node:zlib';
import { ByteReader, ByteWriter, SnapshotDamage } from './bytes.ts';

/** `VSC` and the version of the form. */
const head = Uint8Array.of(0x56, 0x53, 0x43, 1);
const checksumBytes = 4;

/** The state of one correlation; `key` says of which. */
export interface Section {
  readonly key: string;
  readonly state: Uint8Array;
}

/** Sections with a head and a checksum; null when they would be larger than the bound. */
export function packSections(sections: Iterable<Section>, bound: number): Uint8Array | null {
  const out = new ByteWriter();
  for (const { key, state } of sections) {
    out.count(1);
    out.text(key);
    out.bytes(state);
    if (out.length > bound) return null;
  }
  out.count(0);
  const packed = new Uint8Array(head.length + out.length + checksumBytes);
  packed.set(head);
  packed.set(out.taken(), head.length);
  new DataView(packed.buffer).setUint32(head.length + out.length, crc32(out.taken()), true);
  return packed;
}

/** The sections of a snapshot by key. Throws SnapshotDamage for anything else. */
export function unpackSections(packed: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const end = packed.length - checksumBytes;
  if (end < head.length || head.some((byte, at) => packed[at] !== byte))
    throw new SnapshotDamage('it is of another form or version');
  const body = packed.subarray(head.length, end);
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  if (view.getUint32(end, true) !== crc32(body)) throw new SnapshotDamage('its checksum is wrong');
  const from = new ByteReader(body);
  const sections = new Map<string, Uint8Array>();
  while (from.count() === 1) sections.set(from.text(), from.bytes());
  if (from.left > 0) throw new SnapshotDamage('it goes on after its end');
  return sections;
}
