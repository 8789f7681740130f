/** Longest name on the wire (RFC 1035 §2.3.4). */
const maxNameBytes = 255;
/** Pointers followed in one name. Each must lead backwards, so this only shortens what hostile messages cost. */
const maxPointers = 32;

export interface Name {
  /** Labels joined by dots, in lower case, without the last dot; the root is `.`. */
  readonly text: string;
  /** Offset of what follows the name where it stands. */
  readonly next: number;
}

/**
 * The domain name at `at` in a message from `start` to `end` (RFC 1035 §4.1.4). A compression pointer must lead to
 * before everything read of the name so far, so no message can make it turn in circles. Undefined when malformed.
 */
export function nameAt(bytes: Buffer, start: number, end: number, at: number): Name | undefined {
  let text = '';
  let length = 1;
  let next = -1;
  let lowest = at;
  let pointers = 0;
  for (;;) {
    if (at >= end) return undefined;
    const size = bytes.readUInt8(at);
    if (size === 0) return { text: text === '' ? '.' : text, next: next === -1 ? at + 1 : next };
    if (size >= 0xc0) {
      if (at + 2 > end) return undefined;
      const target = start + (bytes.readUInt16BE(at) & 0x3fff);
      if (target >= lowest || ++pointers > maxPointers) return undefined;
      if (next === -1) next = at + 2;
      lowest = target;
      at = target;
      continue;
    }
    length += size + 1;
    // The two kinds of label 01 and 10 were never put to use (RFC 6891 §5).
    if (size > 63 || length > maxNameBytes || at + 1 + size > end) return undefined;
    if (text !== '') text += '.';
    text += labelText(bytes, at + 1, at + 1 + size);
    at += 1 + size;
  }
}

function labelText(bytes: Buffer, from: number, to: number): string {
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number;
    if (byte <= 0x20 || byte >= 0x7f || byte === 0x2e || byte === 0x5c)
      return escaped(bytes, from, to, '.\\ ').toLowerCase();
  }
  return bytes.toString('latin1', from, to).toLowerCase();
}

/** Bytes as text in the form of zone files: what is not printable ASCII, or is among `special`, as `\DDD`. */
export function escaped(bytes: Buffer, from: number, to: number, special: string): string {
  let text = '';
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number;
    const char = String.fromCharCode(byte);
    const isPlain = byte >= 0x20 && byte < 0x7f && !special.includes(char);
    text += isPlain ? char : `\\${String(byte).padStart(3, '0')}`;
  }
  return text;
}
