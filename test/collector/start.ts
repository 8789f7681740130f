import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import type { Test } from 'tap';
import { parseToken } from '#shared/protocol/identity.ts';
import { enrol } from '../../agent/identity/enrol.ts';
import type { AgentIdentity } from '../../agent/identity/identity.ts';
import { Client } from '../../collector/cli/client.ts';
import { type RunningCollector, startCollector } from '../../collector/main.ts';
import { tempFolder } from '../temp.ts';

export interface TestCollector {
  readonly collector: RunningCollector;
  readonly folder: string;
  readonly client: Client;
  /** Lines the collector logged. */
  readonly log: readonly Record<string, unknown>[];
  /** A fresh identity for one more host. */
  enrol(facts?: Record<string, string>): Promise<AgentIdentity>;
}

/** A real collector on free ports of loopback; closed when the test ends. */
export async function startTestCollector(
  t: Test,
  folder = tempFolder(t),
  overrides = {},
): Promise<TestCollector> {
  const log: Record<string, unknown>[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void log.push(JSON.parse(line)) });
  const collector = await startCollector({
    folder,
    overrides: { port: 0, agentPort: 0, ...overrides },
    logger,
    onFatal: (error) => {
      throw error;
    },
  });
  t.teardown(() => collector.close());
  const token = readFileSync(collector.tokenFile, 'utf8').trim();
  return {
    collector,
    folder,
    client: new Client({ api: collector.api, token, ca: undefined }),
    log,
    async enrol(facts = { hostname: 'test', os: 'linux' }) {
      const made = await collector.enrolment.createToken({ maxUses: 1, lifeMs: 60_000 });
      const ticket = parseToken(made.token);
      if (!ticket.ok) throw ticket.error;
      return enrol(ticket.value, facts);
    },
  };
}
