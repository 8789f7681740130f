import { maskAddress, parseAddress } from '../value-tests/cidr.ts';
import type { Network } from '../value-tests/test.ts';

/** Finds the networks that hold an address: one look-up for each prefix length in use, however many networks. */
export class NetworkIndex {
  readonly #byBits = new Map<number, Map<string, number[]>>();

  add(network: Network, entry: number): void {
    let networks = this.#byBits.get(network.bits);
    if (networks === undefined) {
      networks = new Map();
      this.#byBits.set(network.bits, networks);
    }
    const key = maskAddress(network.groups, network.bits);
    networks.set(key, [...(networks.get(key) ?? []), entry]);
  }

  /** Calls `found` with the entry of each network the value lies in; a value that is no address lies in none. */
  find(value: string, found: (entry: number) => void): void {
    if (this.#byBits.size === 0) return;
    const address = parseAddress(value);
    if (address === undefined) return;
    for (const [bits, networks] of this.#byBits) networks.get(maskAddress(address, bits))?.forEach(found);
  }
}
