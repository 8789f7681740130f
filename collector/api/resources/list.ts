import type { Operation } from '../operation.ts';
import { alerts } from './alerts.ts';
import { audit } from './audit.ts';
import { backtests } from './backtests.ts';
import { bundles } from './bundles.ts';
import { ca } from './ca.ts';
import { certificates } from './certificates.ts';
import { commands } from './commands.ts';
import { enrolmentTokens } from './enrolment-tokens.ts';
import { events, eventTypes } from './events.ts';
import { hostRules } from './host-rules.ts';
import { hostState } from './host-state.ts';
import { hosts } from './hosts.ts';
import { hunts } from './hunts.ts';
import { queries } from './queries.ts';
import { querySchedules } from './query-schedules.ts';
import { rollouts } from './rollouts.ts';
import { rules } from './rules.ts';
import { session } from './session.ts';
import { signInLinks } from './sign-in-links.ts';
import { status } from './status.ts';
import { tree } from './tree.ts';

/** Every operation of the API. */
export const operations: readonly Operation[] = [
  ...session,
  ...status,
  ...hosts,
  ...hostState,
  ...hostRules,
  ...rollouts,
  ...certificates,
  ...alerts,
  ...events,
  ...eventTypes,
  ...rules,
  ...backtests,
  ...bundles,
  ...enrolmentTokens,
  ...ca,
  ...signInLinks,
  ...commands,
  ...audit,
  ...tree,
  ...hunts,
  ...queries,
  ...querySchedules,
];
