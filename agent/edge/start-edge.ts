/** Wires the rules of the host: what is kept of bundles, the rules in force, and who is told of them. */
import { join } from 'node:path';
import { decodeDocument, type Trust, trustIn } from '#shared/bundle/index.ts';
import type { Config } from '#shared/config.ts';
import { VedetteError } from '#shared/errors.ts';
import { type BundleEvent, BundleKeeper } from '../bundle/keeper.ts';
import type { SensorOverrides } from '../bundle/sensor-overrides.ts';
import { BundleStore } from '../bundle/store.ts';
import type { agentSettings } from '../config.ts';
import { hostFacts } from '../facts.ts';
import type { AgentIdentity } from '../identity/identity.ts';
import { CorrelationState } from './correlation-state.ts';
import { EdgeRules } from './edge-rules.ts';

export interface EdgeOptions {
  /** The agent's own folder. */
  readonly folder: string;
  readonly config: Config<typeof agentSettings>;
  readonly identity: AgentIdentity;
  readonly applySensors: (overrides: SensorOverrides) => Promise<void>;
  readonly log: (
    event: BundleEvent | { readonly what: 'problem'; readonly code: string; readonly detail: string },
  ) => void;
}

export interface Edge {
  readonly rules: EdgeRules;
  readonly keeper: BundleKeeper;
  /** To be opened once the keeper is, and closed when no more events come. */
  readonly correlations: CorrelationState;
}

/** Where bundles are kept, below the agent's folder. */
export const bundleFolder = 'bundle';
/** What correlations have counted, below the agent's folder. */
export const correlationStateName = 'correlations.state';

/** The root of enrolment. Undefined where there was none, or it cannot be read. */
function pinnedTrust({ bundleRoot }: AgentIdentity, log: EdgeOptions['log']): Trust | undefined {
  if (bundleRoot === undefined) return undefined;
  try {
    return trustIn(decodeDocument(Buffer.from(bundleRoot, 'base64'), 'the root of enrolment'));
  } catch (error) {
    const { code, detail } = error as VedetteError;
    log({ what: 'problem', code, detail: `the root of enrolment: ${detail}` });
    return undefined;
  }
}

/** Throws `data.unreadable`. */
export function startEdge({ folder, config, identity, applySensors, log }: EdgeOptions): Edge {
  const facts = hostFacts();
  const product = facts['os'] ?? 'unknown';
  const host = { hostId: identity.hostId, hostName: facts['hostname'] ?? 'unnamed', product };
  const told = new Set<string>();
  const onError = (error: Error) => {
    // The same defect at every event says nothing new.
    if (told.has(error.message) || told.size >= maxTold) return;
    told.add(error.message);
    const code = error instanceof VedetteError ? error.code : 'rule.failed';
    log({ what: 'problem', code, detail: `rules on this host: ${error.message}.` });
  };
  const rules = new EdgeRules(host, onError);
  const state = join(folder, correlationStateName);
  const correlations = new CorrelationState(state, () => rules.inForce?.detector, onError);
  const keeper = new BundleKeeper({
    store: new BundleStore(join(folder, bundleFolder), pinnedTrust(identity, log)),
    edge: rules,
    agentVersion: facts['agentVersion'] ?? '0.0.0',
    product,
    trialMs: config.bundleTrialMs,
    maxUsPerEvent: config.bundleMaxUsPerEvent,
    applySensors,
    log,
  });
  return { rules, keeper, correlations };
}

/** Different errors told of in one run. */
const maxTold = 16;
