/** Reads tar archives (POSIX ustar and pax, and GNU's long names), compressed with gzip or not. */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { type ArchiveFile, archiveBounds, isWanted, refuse, safePath } from './archive.ts';

const blockBytes = 512;
/** Longest name or set of attributes in a header of its own. */
const maxHeaderBytes = 1 << 20;

/** The files of rules in it. Rejects with `rule.import_refused`. */
export async function readTar(path: string, isPacked: boolean): Promise<readonly ArchiveFile[]> {
  const file = createReadStream(path);
  const input = isPacked ? file.pipe(createGunzip()) : file;
  file.on('error', (error) => input.destroy(error));
  const reader = new TarReader();
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) reader.push(chunk);
  } catch (error) {
    if ((error as { code?: string }).code === 'rule.import_refused') throw error;
    throw refuse(`${path}: ${(error as Error).message}`);
  }
  return reader.end();
}

interface Entry {
  readonly path: string;
  readonly type: string;
  readonly size: number;
}

class TarReader {
  readonly #files: ArchiveFile[] = [];
  #pending: Buffer = Buffer.alloc(0);
  #totalBytes = 0;
  #entries = 0;
  #entry: Entry | undefined;
  /** Of the entry's content and what fills up its last block. */
  #left = 0;
  #parts: Buffer[] = [];
  #longPath: string | undefined;
  #isOver = false;

  push(chunk: Buffer): void {
    this.#totalBytes += chunk.length;
    if (this.#totalBytes > archiveBounds.totalBytes)
      throw refuse(`It holds more than ${archiveBounds.totalBytes} bytes.`);
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    let at = 0;
    while (!this.#isOver) {
      if (this.#entry === undefined) {
        if (this.#pending.length - at < blockBytes) break;
        this.#begin(this.#pending.subarray(at, at + blockBytes));
        at += blockBytes;
      }
      if (this.#entry === undefined) continue;
      const taken = Math.min(this.#left, this.#pending.length - at);
      if (this.#isKept(this.#entry)) this.#parts.push(Buffer.from(this.#pending.subarray(at, at + taken)));
      at += taken;
      this.#left -= taken;
      if (this.#left > 0) break;
      this.#finish(this.#entry);
    }
    this.#pending = this.#isOver ? Buffer.alloc(0) : this.#pending.subarray(at);
  }

  end(): readonly ArchiveFile[] {
    if (this.#entry !== undefined || (!this.#isOver && this.#pending.length > 0))
      throw refuse('The archive is cut off.');
    return this.#files;
  }

  #begin(header: Buffer): void {
    if (header.every((byte) => byte === 0)) {
      this.#isOver = true;
      return;
    }
    checkSum(header);
    if (++this.#entries > archiveBounds.entries)
      throw refuse(`It has more than ${archiveBounds.entries} entries.`);
    const size = octal(header, 124, 12);
    const type = String.fromCharCode(header[156] ?? 0);
    const prefix = header.toString('latin1', 257, 262) === 'ustar' ? textAt(header, 345, 155) : '';
    const name = textAt(header, 0, 100);
    const path = this.#longPath ?? (prefix === '' ? name : `${prefix}/${name}`);
    if (isHeader(type)) {
      if (size > maxHeaderBytes) throw refuse('A name in it is longer than any should be.');
    } else this.#longPath = undefined;
    this.#entry = { path, type, size };
    this.#left = Math.ceil(size / blockBytes) * blockBytes;
    this.#parts = [];
    if (this.#left === 0) this.#finish(this.#entry);
  }

  #isKept({ path, type, size }: Entry): boolean {
    return isHeader(type) || (isRegular(type) && size <= archiveBounds.fileBytes && isWanted(path));
  }

  #finish(entry: Entry): void {
    this.#entry = undefined;
    const { path, type, size } = entry;
    const content = () => Buffer.concat(this.#parts).subarray(0, size);
    if (type === 'L') this.#longPath = textAt(content(), 0, size);
    else if (type === 'x') this.#longPath = paxPath(content()) ?? this.#longPath;
    else if (this.#isKept(entry)) this.#files.push({ path: safePath(path), bytes: content() });
    this.#parts = [];
  }
}

/** Only these hold what files are; links, devices and folders are passed over. */
function isRegular(type: string): boolean {
  return type === '0' || type === '\0';
}

/** Tells of the entry after it. */
function isHeader(type: string): boolean {
  return type === 'L' || type === 'x';
}

function textAt(bytes: Buffer, at: number, length: number): string {
  const end = bytes.indexOf(0, at);
  return bytes.toString('utf8', at, end === -1 || end > at + length ? at + length : end);
}

function octal(header: Buffer, at: number, length: number): number {
  const text = header
    .toString('latin1', at, at + length)
    .replace(/[\0 ]+$/, '')
    .trim();
  const value = /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw refuse('A size in it is not a number.');
  return value;
}

function checkSum(header: Buffer): void {
  let sum = 0;
  for (let i = 0; i < blockBytes; i++) sum += i >= 148 && i < 156 ? 32 : (header[i] as number);
  if (sum !== octal(header, 148, 8)) throw refuse('It is not a tar archive, or damaged.');
}

/** `LENGTH key=value` a line; the length is of the whole line. */
function paxPath(bytes: Buffer): string | undefined {
  let path: string | undefined;
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(32, at);
    const length = Number(bytes.toString('latin1', at, space));
    if (space === -1 || !Number.isSafeInteger(length) || length <= 0)
      throw refuse('An attribute in it is damaged.');
    const [key, ...value] = bytes.toString('utf8', space + 1, at + length - 1).split('=');
    if (key === 'path') path = value.join('=');
    at += length;
  }
  return path;
}
