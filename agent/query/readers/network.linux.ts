import { join } from 'node:path';
import type { arpCache as arpSpec } from '#shared/tables/arp-cache.ts';
import type { interfaceDetails as detailsSpec } from '#shared/tables/interface-details.ts';
import type { routes as routesSpec } from '#shared/tables/routes.ts';
import type { RowOf } from '#shared/tables/spec.ts';
import { addressText, ipv6Text } from '../../sensors/network/addresses.linux.ts';
import { linesAt, namesIn, valueAt, wholeNumber } from '../files.ts';
import type { QueryHost } from '../reader.ts';

export function* interfaceDetails({ sysRoot }: QueryHost): Iterable<RowOf<typeof detailsSpec>> {
  for (const name of namesIn(join(sysRoot, 'class/net'))) {
    const of = (file: string) => valueAt(join(sysRoot, 'class/net', name, file));
    const mtu = wholeNumber(of('mtu'));
    // What has none is no interface: bonding keeps a file of its own here.
    if (mtu === undefined) continue;
    const counter = (file: string) => wholeNumber(of(`statistics/${file}`));
    const speed = wholeNumber(of('speed'));
    yield {
      interface: name,
      mac: of('address'),
      type: wholeNumber(of('type')),
      mtu,
      flags: wholeNumber(of('flags')?.replace(/^0x/, ''), 16),
      state: of('operstate'),
      speed: speed !== undefined && speed > 0 ? speed : undefined,
      ipackets: counter('rx_packets'),
      opackets: counter('tx_packets'),
      ibytes: counter('rx_bytes'),
      obytes: counter('tx_bytes'),
      ierrors: counter('rx_errors'),
      oerrors: counter('tx_errors'),
      idrops: counter('rx_dropped'),
      odrops: counter('tx_dropped'),
    };
  }
}

/** Set bits of a mask as /proc/net/route prints it. */
function prefixOf(hex: string): number {
  return (Number.parseInt(hex, 16) >>> 0).toString(2).replaceAll('0', '').length;
}

function* routesOf4(path: string): Iterable<RowOf<typeof routesSpec>> {
  for (const line of linesAt(path).slice(1)) {
    const [name, destination = '', gateway = '', flags, , , metric, mask = '', mtu] = line.split(/\s+/);
    if (addressText(destination) === undefined) continue;
    yield {
      destination: addressText(destination),
      netmask: prefixOf(mask),
      gateway: addressText(gateway),
      interface: name,
      flags: wholeNumber(flags, 16),
      metric: wholeNumber(metric),
      mtu: wholeNumber(mtu) || undefined,
      family: 2,
    };
  }
}

function* routesOf6(path: string): Iterable<RowOf<typeof routesSpec>> {
  const text = (hex: string) => ipv6Text(Buffer.from(hex, 'hex'));
  for (const line of linesAt(path)) {
    const [to = '', length, , , via = '', metric, , , flags, name] = line.trim().split(/\s+/);
    if (to.length !== 32 || via.length !== 32) continue;
    yield {
      destination: text(to),
      netmask: wholeNumber(length, 16),
      gateway: text(via),
      interface: name,
      flags: wholeNumber(flags, 16),
      metric: wholeNumber(metric, 16),
      family: 10,
    };
  }
}

export function* routes({ procRoot }: QueryHost): Iterable<RowOf<typeof routesSpec>> {
  yield* routesOf4(join(procRoot, 'net/route'));
  yield* routesOf6(join(procRoot, 'net/ipv6_route'));
}

/** ATF_PERM of if_arp.h. */
const permanentFlag = 4;

export function* arpCache({ procRoot }: QueryHost): Iterable<RowOf<typeof arpSpec>> {
  for (const line of linesAt(join(procRoot, 'net/arp')).slice(1)) {
    const [address, , flags = '', mac, , name] = line.split(/\s+/);
    if (name === undefined) continue;
    yield { address, mac, interface: name, permanent: Number((Number(flags) & permanentFlag) !== 0) };
  }
}
