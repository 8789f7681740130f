import type { CommandName } from '#shared/commands/registry.ts';
import type { CommandKind } from './kind.ts';
import { agentFlush } from './kinds/agent-flush.ts';
import { agentStatus } from './kinds/agent-status.ts';
import { queryRun } from './kinds/query-run.ts';
import { sensorSample } from './kinds/sensor-sample.ts';

/** What this agent can be told to do, by name. */
export const commandKinds: Readonly<Record<CommandName, CommandKind>> = {
  'agent.status': agentStatus,
  'agent.flush': agentFlush,
  'sensor.sample': sensorSample,
  'query.run': queryRun,
};
