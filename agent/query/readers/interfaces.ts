import { networkInterfaces } from 'node:os';
import type { interfaceAddresses as spec } from '#shared/tables/interface-addresses.ts';
import type { RowOf } from '#shared/tables/spec.ts';

export function* interfaceAddresses(): Iterable<RowOf<typeof spec>> {
  for (const [name, addresses = []] of Object.entries(networkInterfaces()))
    for (const { address, netmask, mac, family, internal } of addresses)
      yield {
        interface: name,
        address,
        mask: netmask,
        mac,
        family: family === 'IPv4' ? 2 : 10,
        internal: Number(internal),
      };
}
