import { settingsOf } from '../sensors/options.ts';
import type { AgentStatus } from '../status.ts';
import type { QueryHost } from './reader.ts';

/** This host, as queries of the running agent see it. */
export function queryHost(status: AgentStatus, version: string | undefined): QueryHost {
  const { fsRoot, procRoot, sysRoot, etcRoot, varRoot, runRoot, libRoot, devRoot } = settingsOf({});
  return { fsRoot, procRoot, sysRoot, etcRoot, varRoot, runRoot, libRoot, devRoot, status, version };
}
