import { agentStatus as spec } from '#shared/commands/agent-status.ts';
import type { CommandKind } from '../kind.ts';

export const agentStatus: CommandKind = {
  spec,
  run: (_, { status }) => ({ output: { ...status() } }),
};
