/**
 * Addresses as events hold them: four decimal numbers, or groups of hex digits with at most one `::`, or
 * `::ffff:` before four decimal numbers. Nothing else is an address here; segments are asked in the same words.
 */

/** A range of addresses. The groups of an IPv4 network are its four numbers, of an IPv6 one its eight. */
export interface Network {
  readonly family: 4 | 6;
  readonly groups: readonly number[];
  /** Leading bits that must agree, of 32 or 128. */
  readonly bits: number;
}

const octet = '(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
const dotted = new RegExp(`^${octet}(?:\\.${octet}){3}$`);
const mapped = '::ffff:';
const group = /^[0-9a-f]{1,4}$/;

interface Address {
  readonly family: 4 | 6;
  readonly groups: readonly number[];
}

/** Undefined when the text is no address. A mapped IPv4 address is one of IPv4. */
export function readAddress(text: string): Address | undefined {
  const lower = text.toLowerCase();
  const bare = lower.startsWith(mapped) && lower.includes('.') ? lower.slice(mapped.length) : lower;
  if (dotted.test(bare)) return { family: 4, groups: bare.split('.').map(Number) };
  const groups = hexGroups(lower);
  return groups === undefined ? undefined : { family: 6, groups };
}

function hexGroups(text: string): readonly number[] | undefined {
  const [head = '', tail, more] = text.split('::');
  if (more !== undefined) return undefined;
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const given = front.length + back.length;
  if (![...front, ...back].every((part) => group.test(part))) return undefined;
  if (tail === undefined ? given !== 8 : given > 7) return undefined;
  const zeros = Array<string>(8 - given).fill('0');
  return [...front, ...zeros, ...back].map((part) => Number.parseInt(part, 16));
}

/** Reads `10.0.0.0/8`, `2001:db8::/32` or a lone address; undefined when it is neither. */
export function readNetwork(text: string): Network | undefined {
  const [, written = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = readAddress(written);
  if (address === undefined) return undefined;
  const width = address.family === 4 ? 32 : 128;
  const bits = prefix === undefined ? width : Number(prefix);
  return bits <= width ? { ...address, bits } : undefined;
}

/** Whether a text is an address of the network. */
export function isWithin(network: Network, text: string): boolean {
  const address = readAddress(text);
  if (address?.family !== network.family) return false;
  const size = network.family === 4 ? 8 : 16;
  for (let i = 0, left = network.bits; left > 0; i++, left -= size) {
    const shift = Math.max(0, size - left);
    if ((address.groups[i] as number) >> shift !== (network.groups[i] as number) >> shift) return false;
  }
  return true;
}
