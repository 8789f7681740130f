import { createHash } from 'node:crypto';
import { VedetteError } from '#shared/errors.ts';
import { maxGlobLength } from '#shared/glob.ts';
import { isMeantBy, type NamedHost } from '../fleet/host-pattern.ts';
import type { Stage } from './contract.ts';

export const maxStages = 16;
const maxPatterns = 256;
const everyone = ['everyone', 'all', '100%'];

/** Reads stages as people write them: host names, patterns or `group:NAME` with `+` between, percentages, `everyone`. Throws `rollout.plan`. */
export function parseStages(texts: readonly string[]): readonly Stage[] {
  const stages = texts.map((text) => stageOf(text.trim()));
  const shares = stages.map(({ percent }) => percent).filter((percent) => percent > 0);
  if (stages.length === 0 || stages.length > maxStages)
    throw new VedetteError('rollout.plan', `A rollout has 1 to ${maxStages} stages, not ${stages.length}.`);
  if (shares.some((share, i) => i > 0 && share <= (shares[i - 1] as number)))
    throw new VedetteError('rollout.plan', 'Each percentage must be more than the one before.');
  if (stages.at(-1)?.percent !== 100)
    throw new VedetteError('rollout.plan', 'The last stage must be everyone (100%).');
  return stages;
}

function stageOf(text: string): Stage {
  if (everyone.includes(text.toLowerCase())) return { name: 'everyone', hosts: [], percent: 100 };
  const percent = /^(\d{1,2}(?:\.\d{1,2})?)%$/.exec(text)?.[1];
  if (percent !== undefined && Number(percent) > 0)
    return { name: `${Number(percent)}%`, hosts: [], percent: Number(percent) };
  const hosts = text.split('+').map((host) => host.trim());
  if (
    text === '' ||
    text.includes('%') ||
    hosts.length > maxPatterns ||
    hosts.some((one) => one === '' || one.length > maxGlobLength)
  )
    throw new VedetteError('rollout.plan', `\`${text}\` is no stage: name hosts, a percentage, or everyone.`);
  return { name: text, hosts, percent: 0 };
}

/**
 * Ids of the hosts up to and including a stage. Shares are taken in an order that is drawn anew for each bundle, so that
 * it is not always the same hosts that go first, and that stays the same for one.
 */
export function hostsOf(
  stages: readonly Stage[],
  hosts: readonly NamedHost[],
  digest: string,
): readonly string[] {
  const chosen = new Set<string>();
  const patterns = stages.flatMap((stage) => stage.hosts);
  for (const host of hosts) if (patterns.some((pattern) => isMeantBy(host, pattern))) chosen.add(host.id);
  const percent = Math.max(0, ...stages.map((stage) => stage.percent));
  const drawn = hosts
    .map(({ id }) => ({ id, rank: createHash('sha256').update(`${digest} ${id}`).digest('hex') }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1));
  const count = Math.ceil((hosts.length * percent) / 100);
  for (const { id } of drawn.slice(0, count)) chosen.add(id);
  return [...chosen];
}
