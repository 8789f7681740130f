/** Link types as capture files number them (https://www.tcpdump.org/linktypes.html), of those understood here. */
export const linkTypes = {
  null: 0,
  ethernet: 1,
  rawBsd: 12,
  rawOpenBsd: 14,
  raw: 101,
  loop: 108,
  linuxCooked: 113,
  ipv4: 228,
  ipv6: 229,
  linuxCooked2: 276,
} as const;

const understood: ReadonlySet<number> = new Set(Object.values(linkTypes));

export function isLinkTypeKnown(linkType: number): boolean {
  return understood.has(linkType);
}

/** EtherTypes of VLAN tags: 802.1Q, 802.1ad, and the one that came before it. */
const vlanTags: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);
const maxVlanTags = 4;
const etherTypeIpv4 = 0x0800;
const etherTypeIpv6 = 0x86dd;
/** Address families of BSD systems and Linux that mean IPv6 in a loopback header. */
const ipv6Families: ReadonlySet<number> = new Set([10, 24, 28, 30]);

/** Gives where the IP header begins; -1 when the frame carries something else, or ends before it. */
export function networkOffset(bytes: Buffer, start: number, end: number, linkType: number): number {
  switch (linkType) {
    case linkTypes.ethernet:
      return afterEtherType(bytes, start + 12, end);
    case linkTypes.linuxCooked:
      return afterEtherType(bytes, start + 14, end);
    case linkTypes.linuxCooked2:
      return start + 20 <= end && carriesIp(bytes.readUInt16BE(start)) ? start + 20 : -1;
    case linkTypes.null:
    case linkTypes.loop:
      return afterFamily(bytes, start, end);
    case linkTypes.raw:
    case linkTypes.rawBsd:
    case linkTypes.rawOpenBsd:
    case linkTypes.ipv4:
    case linkTypes.ipv6:
      return start < end ? start : -1;
    default:
      return -1;
  }
}

function carriesIp(etherType: number): boolean {
  return etherType === etherTypeIpv4 || etherType === etherTypeIpv6;
}

/** Steps over VLAN tags from the place of an EtherType. */
function afterEtherType(bytes: Buffer, at: number, end: number): number {
  for (let tags = 0; tags <= maxVlanTags; tags++) {
    if (at + 2 > end) return -1;
    const etherType = bytes.readUInt16BE(at);
    if (carriesIp(etherType)) return at + 2;
    if (!vlanTags.has(etherType)) return -1;
    at += 4;
  }
  return -1;
}

/** The family is in the byte order of the machine that captured, which the file does not tell. */
function afterFamily(bytes: Buffer, at: number, end: number): number {
  if (at + 4 > end) return -1;
  const family = bytes.readUInt32BE(at);
  const value = family > 0xffff ? bytes.readUInt32LE(at) : family;
  return value === 2 || ipv6Families.has(value) ? at + 4 : -1;
}
