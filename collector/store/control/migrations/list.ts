import type { Kysely } from 'kysely';
import { first } from './0001-first.ts';
import { detectionSnapshot } from './0002-detection-snapshot.ts';
import { identity } from './0003-identity.ts';
import { commandsAndAudit } from './0004-commands-and-audit.ts';
import { hunts } from './0005-hunts.ts';
import { querySchedules } from './0006-query-schedules.ts';
import { bundles } from './0007-bundles.ts';
import { edge } from './0008-edge.ts';
import { alertVerdict } from './0009-alert-verdict.ts';
import { rollouts } from './0010-rollouts.ts';
import { alertEntities } from './0011-alert-entities.ts';
import { alertExceptions } from './0012-alert-exceptions.ts';
import { stories } from './0013-stories.ts';
import { accounts } from './0014-accounts.ts';
import { hostGroups } from './0015-host-groups.ts';
import { retention } from './0016-retention.ts';
import { huntSchedules } from './0017-hunt-schedules.ts';

export interface Migration {
  readonly name: string;
  readonly up: (db: Kysely<unknown>) => Promise<void>;
}

/** In order; a migration's number is its place, from 1. Only ever appended to: a released one never changes. */
export const migrations: readonly Migration[] = [
  { name: 'first', up: first },
  { name: 'detection-snapshot', up: detectionSnapshot },
  { name: 'identity', up: identity },
  { name: 'commands-and-audit', up: commandsAndAudit },
  { name: 'hunts', up: hunts },
  { name: 'query-schedules', up: querySchedules },
  { name: 'bundles', up: bundles },
  { name: 'edge', up: edge },
  { name: 'alert-verdict', up: alertVerdict },
  { name: 'rollouts', up: rollouts },
  { name: 'alert-entities', up: alertEntities },
  { name: 'alert-exceptions', up: alertExceptions },
  { name: 'stories', up: stories },
  { name: 'accounts', up: accounts },
  { name: 'host-groups', up: hostGroups },
  { name: 'retention', up: retention },
  { name: 'hunt-schedules', up: huntSchedules },
];
