import type { iptables as spec } from '#shared/tables/iptables.ts';
import type { RowOf } from '#shared/tables/spec.ts';
import { toolOutput } from '../../sensors/tool.ts';
import { wholeNumber } from '../files.ts';

type Rule = RowOf<typeof spec>;

/** What iptables-save -c prints (iptables-save(8)): tables, chains with their policies, rules as they would be typed. */
export function* parseRules(text: string): Iterable<Rule> {
  let table = '';
  const policies = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) {
      table = line.slice(1);
      policies.clear();
    }
    const [, chain, policy, chainPackets, chainBytes] = /^:(\S+) (\S+) \[(\d+):(\d+)\]$/.exec(line) ?? [];
    if (chain !== undefined && policy !== undefined) {
      policies.set(chain, policy);
      if (policy !== '-')
        yield {
          ...{ filter_name: table, chain, policy },
          packets: wholeNumber(chainPackets),
          bytes: wholeNumber(chainBytes),
        };
      continue;
    }
    const [, packets, bytes, of, match = ''] = /^\[(\d+):(\d+)\] -A (\S+)(?: (.*))?$/.exec(line) ?? [];
    if (of === undefined) continue;
    const option = (...names: readonly string[]) =>
      new RegExp(`(?:^| )(?:${names.join('|')}) (\\S+)`).exec(match)?.[1];
    yield {
      filter_name: table,
      chain: of,
      policy: policies.get(of),
      target: option('-j', '-g'),
      protocol: option('-p'),
      src_ip: option('-s'),
      dst_ip: option('-d'),
      iniface: option('-i'),
      outiface: option('-o'),
      dst_port: option('--dport', '--dports'),
      packets: wholeNumber(packets),
      bytes: wholeNumber(bytes),
      match,
    };
  }
}

export async function iptables(): Promise<Iterable<Rule>> {
  const outputs = await Promise.all(
    ['iptables-save', 'ip6tables-save'].map((tool) => toolOutput(tool, ['-c'])),
  );
  return parseRules(outputs.filter((output) => output !== undefined).join('\n'));
}
