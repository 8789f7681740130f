import type { CommandSpec } from './spec.ts';

export const agentStatus = {
  name: 'agent.status',
  doc: 'How the agent does: sensors, rates, losses, cost; what `vedette agent status` shows on the host.',
  permission: 'respond',
  timeoutMs: 10_000,
  arguments: {},
} as const satisfies CommandSpec;
