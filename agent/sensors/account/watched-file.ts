import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';

/** Largest file read; one that is larger is left as it was last seen. */
const maxFileBytes = 1024 * 1024;

/** A small file that is read again when it changed. Users may put anything in its place: nothing blocks on it. */
export class WatchedFile<T> {
  readonly #path: string;
  readonly #parse: (text: string) => T;
  #version: string | undefined;
  #value: T;
  /** True when it is there and could not be read for want of a right or for its size. */
  unreadable = false;

  /** The value is what `parse` gives for an empty text until a file is there. */
  constructor(path: string, parse: (text: string) => T) {
    this.#path = path;
    this.#parse = parse;
    this.#value = parse('');
  }

  get value(): T {
    return this.#value;
  }

  /** True when the file is another than at the last call, and then `value` is its content. */
  changed(): boolean {
    const version = versionOf(this.#path);
    if (version === this.#version) return false;
    const text = version === '' ? '' : this.#text();
    this.unreadable = text === undefined;
    this.#version = version;
    if (text === undefined) return false;
    this.#value = this.#parse(text);
    return true;
  }

  #text(): string | undefined {
    let fd: number | undefined;
    try {
      // A pipe without a writer would hold open(2) for good.
      fd = openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
      const stat = fstatSync(fd);
      if (!stat.isFile() || stat.size > maxFileBytes) return undefined;
      const bytes = Buffer.alloc(stat.size);
      let length = 0;
      while (length < bytes.length) {
        const got = readSync(fd, bytes, length, bytes.length - length, length);
        if (got === 0) break;
        length += got;
      }
      return bytes.toString('utf8', 0, length);
    } catch {
      return undefined;
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }
}

/** Differs when the file does; empty for none. */
function versionOf(path: string): string {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? '' : `${found.mtimeMs}:${found.ctimeMs}:${found.size}:${found.ino}`;
  } catch {
    return '';
  }
}
