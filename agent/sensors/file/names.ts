/**
 * Names of files are bytes on POSIX systems. Inside the sensor they are strings in which a byte that is not part of
 * valid UTF-8 stands as a lone surrogate U+DC80 to U+DCFF, the way of Python's `surrogateescape` (PEP 383): no two
 * names become one, and the bytes can be had back.
 */

const escapeBase = 0xdc00;
const escaped = /[\uDC80-\uDCFF]/;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The string that stands for a name. */
export function nameOfBytes(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    let name = '';
    for (let at = 0; at < bytes.length; ) {
      const length = sequenceLength(bytes, at);
      name +=
        length === 0
          ? String.fromCharCode(escapeBase + (bytes[at] ?? 0))
          : decoder.decode(bytes.subarray(at, at + length));
      at += length || 1;
    }
    return name;
  }
}

/** Bytes of the valid UTF-8 sequence that begins here; 0 when none does. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  try {
    decoder.decode(bytes.subarray(at, at + length));
    return at + length <= bytes.length ? length : 0;
  } catch {
    return 0;
  }
}

/** What to hand to the file system for a path of such names: itself, or its bytes where they are not UTF-8. */
export function systemPath(path: string): string | Buffer {
  if (!escaped.test(path)) return path;
  const parts: Buffer[] = [];
  for (const sign of path) {
    const code = sign.charCodeAt(0);
    parts.push(
      sign.length === 1 && code >= 0xdc80 && code <= 0xdcff
        ? Buffer.from([code - escapeBase])
        : Buffer.from(sign),
    );
  }
  return Buffer.concat(parts);
}

/** The path as events show it: bytes that are not UTF-8 as `\xNN`, all else as it is. */
export function shownPath(path: string): string {
  if (!escaped.test(path)) return path;
  return path.replace(/[\uDC80-\uDCFF]/g, (sign, at: number) =>
    isLow(path, at) ? sign : `\\x${(sign.charCodeAt(0) - escapeBase).toString(16)}`,
  );
}

/** True for the second half of a surrogate pair. */
function isLow(text: string, at: number): boolean {
  return at > 0 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800;
}
