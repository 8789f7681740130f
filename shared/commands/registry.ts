import { agentFlush } from './agent-flush.ts';
import { agentStatus } from './agent-status.ts';
import { queryRun } from './query-run.ts';
import { sensorSample } from './sensor-sample.ts';
import type { CommandSpec } from './spec.ts';

/** Every command, by name. */
export const commandSpecs = {
  'agent.status': agentStatus,
  'agent.flush': agentFlush,
  'sensor.sample': sensorSample,
  'query.run': queryRun,
} as const satisfies Record<string, CommandSpec>;
export type CommandName = keyof typeof commandSpecs;

/** The declaration of that name; undefined when there is none. */
export function commandSpec(name: string): CommandSpec | undefined {
  return Object.hasOwn(commandSpecs, name) ? commandSpecs[name as CommandName] : undefined;
}
