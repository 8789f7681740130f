import { isIP } from 'node:net';
import type { Network, Test } from './test.ts';

/**
 * An address as eight 16-bit groups; IPv4, also in its mapped form, as `::ffff:a.b.c.d`. Undefined when the text is
 * no address. A zone (`%eth0`) is left out.
 */
export function parseAddress(text: string): Uint16Array | undefined {
  const bare = text.split('%', 1)[0] ?? '';
  const family = isIP(bare);
  if (family === 4) return groupsOf(`::ffff:${bare}`);
  return family === 6 ? groupsOf(bare) : undefined;
}

function groupsOf(text: string): Uint16Array {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const plain =
    dotted === null
      ? text
      : `${dotted[1]}${((Number(dotted[2]) << 8) | Number(dotted[3])).toString(16)}:${((Number(dotted[4]) << 8) | Number(dotted[5])).toString(16)}`;
  const [head = '', tail] = plain.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = new Uint16Array(8);
  front.forEach((g, i) => {
    groups[i] = Number.parseInt(g, 16);
  });
  back.forEach((g, i) => {
    groups[8 - back.length + i] = Number.parseInt(g, 16);
  });
  return groups;
}

/** Reads `10.0.0.0/8`, `2001:db8::/32` or a lone address; undefined when it is neither. */
export function parseNetwork(text: string): Network | undefined {
  const [address = '', prefix, more] = text.trim().split('/');
  const groups = more === undefined ? parseAddress(address) : undefined;
  if (groups === undefined) return undefined;
  const width = isIP(address) === 4 ? 32 : 128;
  if (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) return undefined;
  const bits = prefix === undefined ? width : Number(prefix);
  return bits <= width ? { groups, bits: bits + 128 - width } : undefined;
}

/** The leading bits of an address, as one text. */
export function maskAddress(address: Uint16Array, bits: number): string {
  let text = '';
  for (let i = 0, left = bits; left > 0; i++, left -= 16) {
    const mask = left >= 16 ? 0xffff : (0xffff << (16 - left)) & 0xffff;
    text += String.fromCharCode(address[i]! & mask);
  }
  return text;
}

export function cidrTest(network: Network): Test {
  const masked = maskAddress(network.groups, network.bits);
  return {
    key: `cidr ${network.groups.join(':')}/${network.bits}`,
    hint: { by: 'network', network },
    holds: ({ text: value }) => {
      const address = parseAddress(value);
      return address !== undefined && maskAddress(address, network.bits) === masked;
    },
  };
}
