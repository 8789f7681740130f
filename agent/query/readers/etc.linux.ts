import { join } from 'node:path';
import type { dnsResolvers as resolversSpec } from '#shared/tables/dns-resolvers.ts';
import type { etcHosts as hostsSpec } from '#shared/tables/etc-hosts.ts';
import type { etcProtocols as protocolsSpec } from '#shared/tables/etc-protocols.ts';
import type { etcServices as servicesSpec } from '#shared/tables/etc-services.ts';
import type { RowOf } from '#shared/tables/spec.ts';
import { linesAt, settledLines, wholeNumber } from '../files.ts';
import type { QueryHost } from '../reader.ts';

const resolverTypes: Readonly<Record<string, string>> = {
  nameserver: 'nameserver',
  search: 'search',
  domain: 'search',
  options: 'option',
};

export function* dnsResolvers({ etcRoot }: QueryHost): Iterable<RowOf<typeof resolversSpec>> {
  const counts = new Map<string, number>();
  for (const line of settledLines(join(etcRoot, 'resolv.conf'))) {
    const [word = '', ...values] = line.split(/\s+/);
    const type = Object.hasOwn(resolverTypes, word) ? resolverTypes[word] : undefined;
    if (type === undefined) continue;
    for (const address of values) {
      const id = counts.get(type) ?? 0;
      counts.set(type, id + 1);
      yield { id, type, address };
    }
  }
}

export function* etcHosts({ etcRoot }: QueryHost): Iterable<RowOf<typeof hostsSpec>> {
  for (const { words } of commentedLines(join(etcRoot, 'hosts'))) {
    const [address, ...names] = words;
    yield { address, hostnames: names.join(' ') };
  }
}

/** Words before a comment, and the comment. */
function* commentedLines(
  path: string,
): Iterable<{ readonly words: readonly string[]; readonly comment?: string }> {
  for (const line of linesAt(path)) {
    const at = line.indexOf('#');
    const text = (at < 0 ? line : line.slice(0, at)).trim();
    if (text === '') continue;
    const comment = at < 0 ? '' : line.slice(at + 1).trim();
    yield { words: text.split(/\s+/), ...(comment !== '' && { comment }) };
  }
}

export function* etcServices({ etcRoot }: QueryHost): Iterable<RowOf<typeof servicesSpec>> {
  for (const { words, comment } of commentedLines(join(etcRoot, 'services'))) {
    const [name, place = '', ...aliases] = words;
    const [port, protocol] = place.split('/');
    yield { name, port: wholeNumber(port), protocol, aliases: aliases.join(' '), comment };
  }
}

export function* etcProtocols({ etcRoot }: QueryHost): Iterable<RowOf<typeof protocolsSpec>> {
  for (const { words, comment } of commentedLines(join(etcRoot, 'protocols'))) {
    const [name, number, ...aliases] = words;
    yield { name, number: wholeNumber(number), alias: aliases.join(' '), comment };
  }
}
