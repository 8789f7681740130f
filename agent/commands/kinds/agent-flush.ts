import { agentFlush as spec } from '#shared/commands/agent-flush.ts';
import type { CommandKind } from '../kind.ts';

export const agentFlush: CommandKind = {
  spec,
  run(_, { flush, status }) {
    flush();
    return { output: { outbox: status().outbox } };
  },
};
