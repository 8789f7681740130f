import { analysisAliases } from '../aliases/analysis.ts';
import { logs } from '../aliases/logs.ts';
import { threats } from '../aliases/threats.ts';
import type { Operation } from '../operation.ts';
import { accessSettings } from './access-settings.ts';
import { account } from './account.ts';
import { alerts } from './alerts.ts';
import { analyses } from './analyses.ts';
import { audit } from './audit.ts';
import { backtests } from './backtests.ts';
import { bundles } from './bundles.ts';
import { ca } from './ca.ts';
import { certificates } from './certificates.ts';
import { commands } from './commands.ts';
import { detectors } from './detectors.ts';
import { enrolmentTokens } from './enrolment-tokens.ts';
import { eventCounts } from './event-counts.ts';
import { events, eventTypes } from './events.ts';
import { exceptions } from './exceptions.ts';
import { groups } from './groups.ts';
import { health } from './health.ts';
import { hostRules } from './host-rules.ts';
import { hostState } from './host-state.ts';
import { hosts } from './hosts.ts';
import { huntSchedules } from './hunt-schedules.ts';
import { hunts } from './hunts.ts';
import { metrics } from './metrics.ts';
import { queries } from './queries.ts';
import { querySchedules } from './query-schedules.ts';
import { retentionSettings } from './retention.ts';
import { risk } from './risk.ts';
import { rollouts } from './rollouts.ts';
import { rules } from './rules.ts';
import { session } from './session.ts';
import { sessions } from './sessions.ts';
import { signInLinks } from './sign-in-links.ts';
import { status } from './status.ts';
import { stories } from './stories.ts';
import { tokens } from './tokens.ts';
import { tree } from './tree.ts';
import { users } from './users.ts';

/** Every operation of the API. */
export const operations: readonly Operation[] = [
  ...session,
  ...account,
  ...sessions,
  ...tokens,
  ...users,
  ...accessSettings,
  ...retentionSettings,
  ...status,
  ...health,
  ...metrics,
  ...hosts,
  ...hostState,
  ...groups,
  ...hostRules,
  ...rollouts,
  ...certificates,
  ...alerts,
  ...exceptions,
  ...stories,
  ...risk,
  ...eventCounts,
  ...events,
  ...eventTypes,
  ...rules,
  ...detectors,
  ...backtests,
  ...bundles,
  ...enrolmentTokens,
  ...ca,
  ...signInLinks,
  ...commands,
  ...audit,
  ...tree,
  ...hunts,
  ...huntSchedules,
  ...analyses,
  ...queries,
  ...querySchedules,
  ...logs,
  ...threats,
  ...analysisAliases,
];
