/** The keys that data at rest is encrypted under: the one for what is written from now on, and those of before. */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { VedetteError } from '#shared/errors.ts';
import { writeText } from '#shared/files.ts';

/** AES-256. */
export interface Key {
  /** The first 8 hex digits of its SHA-256: says which key it is, and nothing of it. */
  readonly id: string;
  readonly bytes: Buffer;
}

/** Where keys are read when there is no file: the newest first, with commas between. */
export const keyVariable = 'VEDETTE_ENCRYPTION_KEYS';

const keyBytes = 32;
const maxKeys = 64;
/** A line that stands before the keys when what is written from now on is not to be encrypted. */
const off = 'off';
/** How often at most the file is looked at for newer keys, in milliseconds. */
export const lookMs = 1000;

export function keyOf(bytes: Buffer): Key {
  return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 8), bytes };
}

interface Keys {
  /** Undefined: in the clear. */
  readonly current: Key | undefined;
  readonly byId: ReadonlyMap<string, Key>;
}

const noKeys: Keys = { current: undefined, byId: new Map() };

/** The newest first. `#` begins a comment. Throws `encryption.key_invalid`; messages never hold what was read. */
function parseKeys(text: string, source: string): Keys {
  const lines = text
    .split('\n')
    .flatMap((line) => line.replace(/#.*/, '').split(','))
    .map((part) => part.trim())
    .filter((line) => line !== '');
  const isOff = lines[0] === off;
  const keys = (isOff ? lines.slice(1) : lines).map((line, i) => {
    const bytes = /^[A-Za-z0-9+/]{43}=$/.test(line) ? Buffer.from(line, 'base64') : undefined;
    if (bytes?.length !== keyBytes)
      throw new VedetteError(
        'encryption.key_invalid',
        `${source}: key ${i + 1} is not ${keyBytes} bytes in base64.`,
      );
    return keyOf(bytes);
  });
  if (keys.length === 0) throw new VedetteError('encryption.key_invalid', `${source} holds no key.`);
  if (keys.length > maxKeys)
    throw new VedetteError(
      'encryption.key_invalid',
      `${source} holds ${keys.length} keys, more than ${maxKeys}.`,
    );
  return { current: isOff ? undefined : keys[0], byId: new Map(keys.map((key) => [key.id, key])) };
}

function readKeyFile(path: string): string {
  try {
    const { mode } = statSync(path);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw new VedetteError('encryption.key_exposed', `${path} has mode ${(mode & 0o777).toString(8)}.`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof VedetteError) throw error;
    throw new VedetteError('encryption.key_missing', `${path}: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}

function versionOf(path: string): string {
  const { ino, mtimeMs, size } = statSync(path);
  return `${ino} ${mtimeMs} ${size}`;
}

/**
 * Each thread and process opens its own. A key added to the file is taken up while running: within a second by who
 * writes, at once by who meets what it encrypted.
 */
export class KeyRing {
  readonly #file: string;
  #keys: Keys = noKeys;
  /** Tells one content of the file from another: it is replaced, never changed in place. */
  #version = '';
  #lookedAt = 0;

  /** `file` may be empty: then keys come from the environment, or there are none. Throws `encryption.*`. */
  constructor(file = '', environment: NodeJS.ProcessEnv = process.env) {
    this.#file = file;
    if (file !== '') this.#read();
    else if (environment[keyVariable]) this.#keys = parseKeys(environment[keyVariable], keyVariable);
  }

  /** What is written from now on is encrypted under this one; undefined: not at all. */
  get current(): Key | undefined {
    if (this.#file !== '' && performance.now() - this.#lookedAt > lookMs) this.#look();
    return this.#keys.current;
  }

  get ids(): readonly string[] {
    return [...this.#keys.byId.keys()];
  }

  /** Whether there are keys at all, be it only to read. */
  get isInUse(): boolean {
    return this.#keys.byId.size > 0;
  }

  /** Throws `encryption.key_missing`. */
  byId(id: string): Key {
    if (!this.#keys.byId.has(id) && this.#file !== '') this.#look();
    const key = this.#keys.byId.get(id);
    if (key === undefined)
      throw new VedetteError(
        'encryption.key_missing',
        `Key ${id} is not ${this.#file === '' ? 'given' : `in ${this.#file}`}.`,
      );
    return key;
  }

  /** A file that cannot be read while running changes nothing. */
  #look(): void {
    this.#lookedAt = performance.now();
    try {
      if (versionOf(this.#file) !== this.#version) this.#read();
    } catch {
      // What was read before still holds.
    }
  }

  #read(): void {
    this.#lookedAt = performance.now();
    const text = readKeyFile(this.#file);
    this.#version = versionOf(this.#file);
    this.#keys = parseKeys(text, this.#file);
  }
}

/** No keys: nothing is encrypted, and what is cannot be read. */
export const noKeyRing = new KeyRing('', {});

function write(path: string, first: string, rest: string): void {
  const note =
    '# Vedette: keys of the data at rest, the newest first. Without them it cannot be read: keep a copy elsewhere.\n';
  writeText(path, `${note}${first}\n${rest}`);
}

/** Makes a key file (0600) with one new key, and gives its id. */
export function makeKeyFile(path: string): string {
  const bytes = randomBytes(keyBytes);
  write(path, bytes.toString('base64'), '');
  return keyOf(bytes).id;
}

const keyLines = (path: string) =>
  readKeyFile(path)
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '' && line !== off);

/** Puts a new key before the others. Throws `encryption.*`. */
export function rotateKeyFile(path: string): string {
  const lines = keyLines(path);
  parseKeys(lines.join('\n'), path);
  const bytes = randomBytes(keyBytes);
  write(path, bytes.toString('base64'), `${lines.join('\n')}\n`);
  return keyOf(bytes).id;
}

/** From now on nothing is encrypted; the keys stay for what is. */
export function turnOffKeyFile(path: string): void {
  const lines = keyLines(path);
  parseKeys(lines.join('\n'), path);
  write(path, off, `${lines.join('\n')}\n`);
}
