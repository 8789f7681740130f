import type { CommandSpec } from './spec.ts';

export const agentFlush = {
  name: 'agent.flush',
  doc: 'Close the open batches into the outbox now, so that everything collected so far is on its way.',
  permission: 'respond',
  timeoutMs: 10_000,
  arguments: {},
} as const satisfies CommandSpec;
