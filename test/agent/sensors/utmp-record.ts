/** Bytes of one record as glibc writes it on a little-endian machine. */
export function utmpRecord(fields: {
  type: number;
  pid?: number;
  line?: string;
  user?: string;
  host?: string;
  seconds?: number;
  address?: readonly number[];
}): Buffer {
  const record = Buffer.alloc(384);
  record.writeInt16LE(fields.type, 0);
  record.writeInt32LE(fields.pid ?? 0, 4);
  record.write(fields.line ?? '', 8, 32);
  record.write(fields.user ?? '', 44, 32);
  record.write(fields.host ?? '', 76, 256);
  record.writeUInt32LE(fields.seconds ?? 1_700_000_000, 340);
  record.writeInt32LE(123_456, 344);
  Buffer.from(fields.address ?? []).copy(record, 348);
  return record;
}
