/** Canonical text of an address of 4 or 16 bytes: dotted, or as RFC 5952 has it. IPv4-mapped ones become IPv4. */
export function addressAt(bytes: Buffer, at: number, length: 4 | 16): string {
  if (length === 4) return ipv4At(bytes, at);
  return isMapped(bytes, at) ? ipv4At(bytes, at + 12) : ipv6At(bytes, at);
}

function ipv4At(bytes: Buffer, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

function isMapped(bytes: Buffer, at: number): boolean {
  for (let i = 0; i < 10; i++) if (bytes[at + i] !== 0) return false;
  return bytes[at + 10] === 0xff && bytes[at + 11] === 0xff;
}

/** The first longest run of two or more zero groups becomes `::`. */
function ipv6At(bytes: Buffer, at: number): string {
  let bestFrom = 8;
  let bestLength = 1;
  let run = 0;
  for (let i = 0; i < 8; i++) {
    run = bytes.readUInt16BE(at + 2 * i) === 0 ? run + 1 : 0;
    if (run > bestLength) {
      bestLength = run;
      bestFrom = i - run + 1;
    }
  }
  let text = '';
  for (let i = 0; i < 8; i++) {
    if (i === bestFrom) {
      text += '::';
      i += bestLength - 1;
      continue;
    }
    if (text !== '' && !text.endsWith(':')) text += ':';
    text += bytes.readUInt16BE(at + 2 * i).toString(16);
  }
  return text;
}
