/** A process of simulated agents, told what to do by the bench that forked it. */
import { readFileSync } from 'node:fs';
import { type Credentials, SimulatedAgent } from './simulated-agent.ts';

export interface FleetFile {
  readonly ca: string;
  readonly address: string;
  readonly data: string;
  readonly batchEvents: number;
  readonly agents: readonly Credentials[];
}

/** `count` is how many of each process connect, `everyMs` is the time between batches of one agent; 0 ends the load. */
export type FleetOrder =
  | { readonly order: 'connect'; readonly count: number }
  | { readonly order: 'load'; readonly everyMs: number }
  | { readonly order: 'tell' };

export interface FleetState {
  readonly connected: number;
  readonly pending: number;
  readonly acknowledged: number;
  readonly attempts: number;
  /** Delays of acknowledgements since it was last asked. */
  readonly delaysMs: readonly number[];
}

const [path, from, to] = process.argv.slice(2) as [string, string, string];
const file = JSON.parse(readFileSync(path, 'utf8')) as FleetFile;
const { address, ca, batchEvents } = file;
const data = Buffer.from(file.data, 'base64');
const agents = file.agents
  .slice(Number(from), Number(to))
  .map((who) => new SimulatedAgent(who, { address, ca, data, batchEvents }));

let loading: NodeJS.Timeout | undefined;
const tickMs = 20;

/** Agents make their batches one after another, spread over the time between two of the same. */
function load(everyMs: number): void {
  clearInterval(loading);
  if (everyMs === 0) return;
  const began = performance.now();
  let made = 0;
  loading = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / everyMs) * agents.length);
    for (; made < due; made++) agents[made % agents.length]?.emit();
  }, tickMs);
}

function state(): FleetState {
  const sum = (of: (agent: SimulatedAgent) => number) =>
    agents.reduce((total, agent) => total + of(agent), 0);
  const delaysMs = agents.flatMap((agent) => agent.delaysMs);
  for (const agent of agents) agent.delaysMs = [];
  return {
    connected: sum((agent) => (agent.isConnected ? 1 : 0)),
    pending: sum((agent) => agent.pending),
    acknowledged: sum((agent) => agent.acknowledged),
    attempts: sum((agent) => agent.attempts),
    delaysMs,
  };
}

/** The first `count` of those that have not begun yet. */
function connect(count: number): void {
  for (const agent of agents.slice(0, count)) if (agent.attempts === 0) agent.connect();
}

process.on('message', (order: FleetOrder) => {
  if (order.order === 'connect') connect(order.count);
  else if (order.order === 'load') load(order.everyMs);
  else process.send?.(state());
});
process.on('disconnect', () => process.exit(0));
