import { Command } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { bytes, print, printJson, printTable, shortTime } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { HostProgressJson, RolloutJson } from '../../api/json/rollout.ts';
import type { Client } from '../client.ts';
import { addQueryOptions, clientOf, type QueryOptions } from '../options.ts';

export interface RolloutListJson {
  readonly items: readonly RolloutJson[];
  readonly usual: {
    readonly stages: readonly string[];
    readonly soakS: number;
    readonly needsApproval: boolean;
  };
}

interface ProgressJson {
  readonly rollout: RolloutJson;
  readonly hosts: readonly HostProgressJson[];
}

const overStates: readonly string[] = ['done', 'rolled-back'];
const isOver = ({ state }: RolloutJson) => overStates.includes(state);

export async function rolloutUnderWay(client: Client): Promise<RolloutJson | undefined> {
  return (await client.get<RolloutListJson>('/rules/rollouts')).items.find((one) => !isOver(one));
}

export function printRollout(rollout: RolloutJson): void {
  const { id, version, state, plan, stage, stageName, hosts, startedBy, approvedBy, reason } = rollout;
  const stages = plan.stages.map(({ name }, i) => (i === stage && !isOver(rollout) ? `[${name}]` : name));
  print(printable(`Rollout ${id} of bundle ${version} is ${state}; stages ${stages.join(' → ')}`));
  const approved = approvedBy === null ? '' : `, approved by ${approvedBy}`;
  print(printable(`started ${shortTime(rollout.startedAt)} by ${startedBy}${approved}`));
  if (state === 'waiting') print(`Somebody else approves it with: vedette rules approve ${id}`);
  if (state === 'running') {
    const acked =
      rollout.ackedAt === null ? 'waiting for hosts' : `all there since ${shortTime(rollout.ackedAt)}`;
    print(printable(`stage ${stageName}: ${hosts} hosts, ${acked}, watched for ${plan.soakS} s`));
  }
  if (reason !== '') print(printable(`because: ${reason}`));
}

function printHosts(hosts: readonly HostProgressJson[]): void {
  const figure = (title: string, of: (host: HostProgressJson) => string) => ({
    title,
    align: 'right' as const,
    of: (host: HostProgressJson) => (host.acknowledged ? of(host) : ''),
  });
  printTable<HostProgressJson>(
    [
      { title: 'host', of: (host) => host.hostName, flexible: true },
      { title: '', of: (host) => (host.connected ? '' : 'away') },
      { title: '', of: (host) => (host.acknowledged ? 'runs it' : host.code || 'not yet') },
      figure('alerts/h', (host) => host.alertsPerHour.toFixed(1)),
      figure('faults', (host) => String(host.faults)),
      figure('cpu', (host) => `${(host.cpuShare * 100).toFixed(1)} %`),
      figure('memory', (host) => bytes(host.rssBytes)),
    ],
    hosts,
    'No host is in it yet.',
  );
}

async function show(id: string | undefined, options: QueryOptions): Promise<void> {
  const client = clientOf(options);
  if (id === undefined && options.json)
    return printJson((await client.get<RolloutListJson>('/rules/rollouts')).items);
  const [newest] = (await client.get<RolloutListJson>('/rules/rollouts')).items;
  const of = id ?? newest?.id;
  if (of === undefined) return print('There was no rollout. `vedette rules push --stages …` begins one.');
  const progress = await client.get<ProgressJson>(`/rules/rollouts/${encodeURIComponent(of)}`);
  if (options.json) return printJson(progress);
  printRollout(progress.rollout);
  print('');
  printHosts(progress.hosts);
}

async function change(verb: string, id: string | undefined, options: QueryOptions): Promise<void> {
  const client = clientOf(options);
  const of = id ?? (await rolloutUnderWay(client))?.id;
  if (of === undefined) throw new VedetteError('api.not_found', 'No rollout is under way.');
  const path = `/rules/rollouts/${encodeURIComponent(of)}/${verb}`;
  const rollout = await client.call<RolloutJson>('POST', path, {}, undefined, 600_000);
  if (options.json) printJson(rollout);
  else printRollout(rollout);
}

export function rulesRolloutCommands(): readonly Command[] {
  const changing = (verb: string, words: string) =>
    addQueryOptions(new Command(verb).description(words))
      .argument('[rollout]', 'its id (default: the one under way)')
      .action((id: string | undefined, options: QueryOptions) => change(verb, id, options));
  return [
    addQueryOptions(new Command('rollout').description('how a rollout stands, and each of its hosts'))
      .argument('[rollout]', 'its id (default: the newest; with --json all)')
      .action(show),
    changing('approve', 'approve a rollout that somebody else started'),
    changing('pause', 'keep a rollout at the stage of now'),
    changing('resume', 'go on with a rollout that was paused or halted'),
  ];
}
