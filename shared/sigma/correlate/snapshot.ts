import { crc32 } from 'node:zlib';
import { ByteReader, ByteWriter, SnapshotDamage } from './bytes.ts';

/** `VSC` and the version of the form. */
const head = Uint8Array.of(0x56, 0x53, 0x43, 1);
const checksumBytes = 4;

/** The state of one correlation; `key` says of which. */
export interface Section {
  readonly key: string;
  readonly write: (out: ByteWriter) => void;
}

/** Sections with a head and a checksum; null when they would be larger than the bound. */
export function packSections(sections: readonly Section[], bound: number): Uint8Array | null {
  const out = new ByteWriter(bound);
  for (const byte of head) out.byte(byte);
  for (const { key, write } of sections) {
    out.byte(1);
    out.text(key);
    const begin = out.beginPart();
    write(out);
    out.endPart(begin);
    if (out.isOver) return null;
  }
  out.byte(0);
  out.uint32(crc32(out.taken().subarray(head.length)));
  return out.isOver ? null : out.taken();
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
  while (from.count() === 1) sections.set(from.text(), from.part());
  if (from.left > 0) throw new SnapshotDamage('it goes on after its end');
  return sections;
}
