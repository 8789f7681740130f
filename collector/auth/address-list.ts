import ipaddr from 'ipaddr.js';
import { VedetteError } from '#shared/errors.ts';

type Network = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Addresses and networks. IPv4 addresses written as IPv6 ones (`::ffff:192.0.2.1`) are the IPv4 ones they stand for. */
export class AddressList {
  readonly #networks: readonly Network[];

  /** Throws `api.invalid` for what is no address and no network. */
  constructor(networks: readonly string[]) {
    this.#networks = networks.map(parse);
  }

  get isEmpty(): boolean {
    return this.#networks.length === 0;
  }

  /** An empty list allows every address. */
  allows(address: string): boolean {
    if (this.isEmpty) return true;
    if (!ipaddr.isValid(address)) return false;
    const parsed = ipaddr.process(address);
    return this.#networks.some((network) => parsed.kind() === network[0].kind() && parsed.match(network));
  }
}

function parse(text: string): Network {
  if (ipaddr.isValidCIDR(text)) {
    const [address, prefix] = ipaddr.parseCIDR(text);
    if (address.kind() === 'ipv6' && (address as ipaddr.IPv6).isIPv4MappedAddress() && prefix >= 96)
      return [(address as ipaddr.IPv6).toIPv4Address(), prefix - 96];
    return [address, prefix];
  }
  // Of IPv4 only with four parts: ipaddr.js reads `10` and `010.1` as addresses too.
  if (ipaddr.IPv6.isValid(text) || ipaddr.IPv4.isValidFourPartDecimal(text)) {
    const address = ipaddr.process(text);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  }
  throw new VedetteError('api.invalid', `${text} is no address and no network.`);
}

/** Throws `config.invalid` where one of them is neither an address nor a network. */
export function checkNetworks(setting: string, networks: readonly string[]): void {
  try {
    new AddressList(networks);
  } catch (error) {
    throw new VedetteError('config.invalid', `${setting}: ${(error as VedetteError).detail}`, {
      cause: error,
    });
  }
}

/** Of this machine: one of its loopback addresses, or the very address that was connected to. */
export function isOwnMachine(remote: string | undefined, local: string | undefined): boolean {
  if (remote === undefined || !ipaddr.isValid(remote)) return false;
  const from = ipaddr.process(remote);
  if (from.range() === 'loopback') return true;
  return local !== undefined && ipaddr.isValid(local) && ipaddr.process(local).toString() === from.toString();
}
