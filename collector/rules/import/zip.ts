/** Reads zip archives (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT): stored and deflated files. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32, inflateRawSync } from 'node:zlib';
import { type ArchiveFile, archiveBounds, isWanted, refuse, safePath } from './archive.ts';

const endSignature = 0x06054b50;
const centralSignature = 0x02014b50;
const localSignature = 0x04034b50;
const endBytes = 22;
const centralBytes = 46;
const localBytes = 30;
const methods = { stored: 0, deflated: 8 } as const;

interface Place {
  readonly path: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly at: number;
}

/** The files of rules in it. Throws `rule.import_refused`. */
export function readZip(path: string): readonly ArchiveFile[] {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    const read = (at: number, length: number) => readAt(fd, size, at, length);
    let total = 0;
    return placesOf(read, size)
      .filter(({ path: name, size: bytes }) => isWanted(name) && bytes <= archiveBounds.fileBytes)
      .map((place) => {
        total += place.size;
        if (total > archiveBounds.totalBytes)
          throw refuse(`It holds more than ${archiveBounds.totalBytes} bytes.`);
        return { path: safePath(place.path), bytes: contentOf(read, place) };
      });
  } finally {
    closeSync(fd);
  }
}

type Read = (at: number, length: number) => Buffer;

function readAt(fd: number, size: number, at: number, length: number): Buffer {
  if (at < 0 || length < 0 || at + length > size) throw refuse('The archive is cut off.');
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const read = readSync(fd, bytes, done, length - done, at + done);
    if (read === 0) throw refuse('The archive is cut off.');
    done += read;
  }
  return bytes;
}

/** What the central directory at the end lists. */
function placesOf(read: Read, size: number): readonly Place[] {
  const tail = read(Math.max(0, size - endBytes - 65_535), Math.min(size, endBytes + 65_535));
  let end = tail.length - endBytes;
  while (end >= 0 && tail.readUInt32LE(end) !== endSignature) end--;
  if (end < 0) throw refuse('It is not a zip archive.');
  const count = tail.readUInt16LE(end + 10);
  const length = tail.readUInt32LE(end + 12);
  const from = tail.readUInt32LE(end + 16);
  if (count === 0xffff || length === 0xffffffff || from === 0xffffffff)
    throw refuse('It is a zip archive of the large form.');
  const directory = read(from, length);
  const places: Place[] = [];
  for (let at = 0; places.length < count; ) {
    if (at + centralBytes > directory.length || directory.readUInt32LE(at) !== centralSignature)
      throw refuse('Its directory is damaged.');
    const nameLength = directory.readUInt16LE(at + 28);
    const isSecret = (directory.readUInt16LE(at + 8) & 1) === 1;
    const path = directory.toString('utf8', at + centralBytes, at + centralBytes + nameLength);
    // The upper half holds Unix modes; of a link the kind is 0xa.
    const isLink = directory.readUInt32LE(at + 38) >>> 28 === 0xa;
    if (isSecret) throw refuse('It is encrypted.');
    places.push({
      path: isLink ? '' : path,
      method: directory.readUInt16LE(at + 10),
      crc: directory.readUInt32LE(at + 16),
      packed: directory.readUInt32LE(at + 20),
      size: directory.readUInt32LE(at + 24),
      at: directory.readUInt32LE(at + 42),
    });
    at += centralBytes + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return places;
}

function contentOf(read: Read, { path, method, crc, packed, size, at }: Place): Buffer {
  const head = read(at, localBytes);
  if (head.readUInt32LE(0) !== localSignature) throw refuse(`${path} is damaged.`);
  const from = at + localBytes + head.readUInt16LE(26) + head.readUInt16LE(28);
  const bytes = unpacked(read(from, packed), method, size, path);
  if (bytes.length !== size || crc32(bytes) !== crc) throw refuse(`${path} is damaged.`);
  return bytes;
}

function unpacked(bytes: Buffer, method: number, size: number, path: string): Buffer {
  if (method === methods.stored) return bytes;
  if (method !== methods.deflated) throw refuse(`${path} is packed in a way that is not known here.`);
  try {
    // It may say less than it holds.
    return inflateRawSync(bytes, { maxOutputLength: Math.max(1, size) });
  } catch (error) {
    throw refuse(`${path} is damaged: ${(error as Error).message}.`);
  }
}
