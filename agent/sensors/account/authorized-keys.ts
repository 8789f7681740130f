import { hash } from 'node:crypto';

/** Keys read of one file. */
const maxKeys = 1024;
const maxLineLength = 16_384;

/** A line of authorized_keys, without the key itself: its fingerprint names it. */
export interface AuthorizedKey {
  /** As in the file, e.g. ssh-ed25519. */
  readonly type: string;
  /** As `ssh-keygen -l` prints it, SHA256:… */
  readonly fingerprint: string;
  readonly options: string;
  readonly comment: string;
}

export interface KeyChange {
  readonly action: 'key-added' | 'key-removed' | 'key-changed';
  readonly key: AuthorizedKey;
  readonly before: AuthorizedKey | undefined;
}

const keyPattern =
  /^((?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]{2,64})[ \t]+([A-Za-z0-9+/]{16,12000}={0,2})(?:[ \t]+(.*))?$/;

/** Keys by fingerprint in the text of a file in the form of sshd(8), AUTHORIZED_KEYS FILE FORMAT. Of one key twice the first counts, as for sshd. */
export function parseAuthorizedKeys(text: string): Map<string, AuthorizedKey> {
  const keys = new Map<string, AuthorizedKey>();
  for (const line of text.split('\n')) {
    if (keys.size >= maxKeys) break;
    const key = line.length > maxLineLength ? undefined : parseLine(line.trim());
    if (key !== undefined && !keys.has(key.fingerprint)) keys.set(key.fingerprint, key);
  }
  return keys;
}

function parseLine(line: string): AuthorizedKey | undefined {
  if (line === '' || line.startsWith('#')) return undefined;
  const optionsEnd = startsWithType(line) ? 0 : endOfOptions(line);
  const m = keyPattern.exec(line.slice(optionsEnd).trimStart());
  if (m === null) return undefined;
  const [, type = '', base64 = '', comment = ''] = m;
  const blob = Buffer.from(base64, 'base64');
  if (!isKey(blob, type)) return undefined;
  const fingerprint = `SHA256:${hash('sha256', blob, 'base64').replace(/=+$/, '')}`;
  return { type, fingerprint, options: line.slice(0, optionsEnd).trim(), comment: comment.trim() };
}

/**
 * Whether the bytes are a key of the type: it begins with the type, and is all parts with their length before them
 * (RFC 4253, 6.6), but for certificates, which have numbers between.
 */
function isKey(blob: Buffer, type: string): boolean {
  let at = 0;
  while (at + 4 <= blob.length) {
    const end = at + 4 + blob.readUInt32BE(at);
    if (at === 0 && blob.toString('latin1', 4, Math.min(end, blob.length)) !== type) return false;
    if (type.includes('-cert-')) return true;
    at = end;
  }
  return at > 0 && at === blob.length;
}

function startsWithType(line: string): boolean {
  return /^(?:sk-)?(?:ssh|ecdsa)-/.test(line);
}

/** Options end at the first space that is not within quotes; `\"` does not close them. */
function endOfOptions(line: string): number {
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const sign = line[at];
    if (sign === '\\' && line[at + 1] === '"') at++;
    else if (sign === '"') quoted = !quoted;
    else if (!quoted && (sign === ' ' || sign === '\t')) return at;
  }
  return line.length;
}

/** What leads from one reading of a file to the next. */
export function keyChanges(
  before: ReadonlyMap<string, AuthorizedKey>,
  after: ReadonlyMap<string, AuthorizedKey>,
): KeyChange[] {
  const changes: KeyChange[] = [];
  for (const [fingerprint, key] of after) {
    const old = before.get(fingerprint);
    if (old === undefined) changes.push({ action: 'key-added', key, before: undefined });
    else if (old.options !== key.options || old.comment !== key.comment)
      changes.push({ action: 'key-changed', key, before: old });
  }
  for (const [fingerprint, key] of before)
    if (!after.has(fingerprint)) changes.push({ action: 'key-removed', key, before: key });
  return changes;
}
