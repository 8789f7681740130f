import {
  decodeDocument,
  demandAgentVersion,
  type OpenedBundle,
  openBundle,
  trustIn,
} from '#shared/bundle/index.ts';
import { nowUs } from '#shared/clock.ts';
import { VedetteError } from '#shared/errors.ts';
import type { AgentFrame } from '#shared/protocol/frames.ts';
import { encodeReport, noReport, type RuleReport } from '#shared/protocol/host-rules.ts';
import type { EdgeRules } from '../edge/edge-rules.ts';
import type { RunningRules } from '../edge/running-rules.ts';
import { type BundlePart, BundleReceiver } from './receiver.ts';
import { type SensorOverrides, sensorOverridesOf } from './sensor-overrides.ts';
import type { BundleStore } from './store.ts';

export type RulesFrame = AgentFrame & { readonly kind: 'rules' };

export type BundleEvent =
  | { readonly what: 'rules'; readonly version: number; readonly digest: string; readonly rules: number }
  | {
      readonly what: 'rules-refused';
      readonly version: number;
      readonly code: string;
      readonly detail: string;
    };

export interface BundleKeeperOptions {
  readonly store: BundleStore;
  readonly edge: EdgeRules;
  readonly agentVersion: string;
  readonly product: string;
  /** Longest time that new rules run beside those in force. */
  readonly trialMs: number;
  /** Most microseconds that matching may take for an event, on average over the trial. */
  readonly maxUsPerEvent: number;
  /** Puts sensor settings in force. */
  readonly applySensors: (overrides: SensorOverrides) => Promise<void>;
  readonly log: (event: BundleEvent) => void;
}

/** Events after which a trial has seen enough, and those without which it says nothing of cost. */
const trialEvents = 2000;
const leastEvents = 20;

interface InForce {
  readonly bundle: OpenedBundle;
  readonly rules: RunningRules;
  readonly isPrevious: boolean;
  readonly since: number;
  readonly cpuUs: number;
}

/** The bundle that was not taken last. */
interface Refusal {
  readonly version: number;
  readonly code: string;
  readonly detail: string;
  readonly at: number;
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/**
 * The bundle in force on this host, and the way a new one comes into force: verified, compiled, run beside the one before
 * for a moment, kept on the disk, switched to, told. Whatever is refused on the way leaves the one before at work.
 */
export class BundleKeeper {
  readonly #o: BundleKeeperOptions;
  readonly #receiver = new BundleReceiver();
  #inForce: InForce | undefined;
  /** Digest of what was in force before it. */
  #before = '';
  #refusal: Refusal | undefined;
  #send: ((frame: RulesFrame) => void) | undefined;
  /** Of the offer at work; an offer that comes meanwhile takes its place. */
  #work = new AbortController();
  #turn: Promise<void> = Promise.resolve();

  constructor(options: BundleKeeperOptions) {
    this.#o = options;
  }

  /** Puts the last good bundle in force. Gives its sensor settings. */
  async open(): Promise<SensorOverrides> {
    const { kept, problem } = this.#o.store.load();
    if (problem !== undefined) this.#refuse(kept?.bundle.version ?? 0, problem);
    if (kept === undefined) return {};
    try {
      const rules = await this.#compile(kept.bundle);
      this.#putInForce(kept.bundle, rules, kept.isPrevious);
      return sensorOverridesOf(kept.bundle.files);
    } catch (error) {
      this.#refuse(kept.bundle.version, error);
      return {};
    }
  }

  connected(send: (frame: RulesFrame) => void): void {
    this.#send = send;
    this.tell();
  }

  disconnected(): void {
    this.#send = undefined;
    this.#receiver.clear();
  }

  /** Trusts the root of the collector, where none is trusted yet. */
  root(bytes: Uint8Array): void {
    if (this.#o.store.trust !== undefined) return;
    try {
      this.#o.store.pin(trustIn(decodeDocument(bytes, 'the root')));
    } catch (error) {
      this.#refuse(0, error);
    }
  }

  receive(part: BundlePart): void {
    try {
      const bytes = this.#receiver.add(part);
      if (bytes === undefined) return;
      this.#work.abort();
      const work = new AbortController();
      this.#work = work;
      this.#turn = this.#turn.then(() => this.#take(bytes, part.version, work.signal));
    } catch (error) {
      this.#refuse(part.version, error);
    }
  }

  /** Tells the collector how it stands. */
  tell(): void {
    this.#send?.(this.state());
  }

  state(): RulesFrame {
    const force = this.#inForce;
    const isExpired = force !== undefined && force.bundle.expiresAt <= nowUs();
    const running = force?.isPrevious === true ? 'previous' : isExpired ? 'expired' : 'in-force';
    return {
      kind: 'rules',
      status: force === undefined ? 'none' : running,
      version: force?.bundle.version ?? 0,
      digest: force?.bundle.digest ?? '',
      expiresAt: force?.bundle.expiresAt ?? 0,
      since: this.#refusal?.at ?? force?.since ?? 0,
      offered: this.#refusal?.version ?? force?.bundle.version ?? 0,
      code: this.#refusal?.code ?? '',
      detail: this.#refusal?.detail ?? '',
      report: encodeReport(this.#report()),
    };
  }

  async close(): Promise<void> {
    this.#work.abort();
    await this.#turn;
  }

  /** Never rejects. */
  async #take(bytes: Uint8Array, version: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    try {
      const bundle = this.#verify(bytes);
      if (this.#isRunning(bundle)) {
        this.#keep(bytes, bundle);
        this.#refusal = undefined;
        this.tell();
        return;
      }
      const overrides = sensorOverridesOf(bundle.files);
      const rules = await this.#compile(bundle);
      // Going back is the way out of rules that hold up the host: it is not to fail for how busy the host is.
      if (bundle.digest !== this.#before) await this.#try(rules, signal);
      if (signal.aborted) return;
      this.#keep(bytes, bundle);
      this.#putInForce(bundle, rules, false);
      this.#refusal = undefined;
      await this.#o.applySensors(overrides);
      this.tell();
    } catch (error) {
      this.#o.edge.setTrial(undefined);
      this.#refuse(version, error);
    }
  }

  /** The bundle in force with a newer statement needs no switch. */
  #isRunning({ digest }: OpenedBundle): boolean {
    return this.#inForce?.bundle.digest === digest && !this.#inForce.isPrevious;
  }

  #verify(bytes: Uint8Array): OpenedBundle {
    const { trust } = this.#o.store;
    if (trust === undefined) throw new VedetteError('bundle.no_root', 'No root is trusted here.');
    const bundle = openBundle(bytes, trust, nowUs());
    demandAgentVersion(bundle, this.#o.agentVersion);
    return bundle;
  }

  async #compile({ files, digest }: OpenedBundle): Promise<RunningRules> {
    const [{ RunningRules }, { rulesOfHost }] = await Promise.all([
      import('../edge/running-rules.ts'),
      import('../edge/host-rules.ts'),
    ]);
    const { product } = this.#o;
    const rules = new RunningRules(await rulesOfHost(files, product), digest, product);
    if (rules.problem !== undefined) throw new VedetteError('bundle.rules_refused', rules.problem);
    return rules;
  }

  /** Runs rules beside those in force for a moment. Throws `bundle.too_costly`. */
  async #try(rules: RunningRules, signal: AbortSignal): Promise<void> {
    const { edge, trialMs, maxUsPerEvent } = this.#o;
    const failure = await new Promise<Error | undefined>((resolve) => {
      const end = (error?: Error) => {
        clearTimeout(timer);
        resolve(error);
      };
      const timer = setTimeout(end, trialMs);
      if (signal.aborted) end();
      signal.addEventListener('abort', () => end(), { once: true });
      edge.setTrial(rules, (error) => {
        if (error !== undefined || rules.events >= trialEvents) end(error);
      });
    });
    edge.setTrial(undefined);
    if (failure !== undefined) throw new VedetteError('bundle.rules_refused', failure.message);
    // So many that a short trial saw few: what those took is too much for as many as would have said something of cost.
    const usPerEvent = (rules.matchMs * 1000) / Math.max(leastEvents, rules.events);
    if (usPerEvent > maxUsPerEvent)
      throw new VedetteError(
        'bundle.too_costly',
        `${Math.round(usPerEvent)} µs an event over ${rules.events} events; the bound is ${maxUsPerEvent}.`,
      );
  }

  #keep(bytes: Uint8Array, bundle: OpenedBundle): void {
    try {
      this.#o.store.keep(bytes, bundle);
    } catch (error) {
      throw new VedetteError('bundle.not_kept', (error as Error).message, { cause: error });
    }
  }

  #putInForce(bundle: OpenedBundle, rules: RunningRules, isPrevious: boolean): void {
    rules.begin();
    rules.onTrouble = () => this.tell();
    this.#o.edge.use(rules);
    // The files are compiled; what is kept of them is on the disk.
    if (this.#inForce?.bundle.digest !== bundle.digest) this.#before = this.#inForce?.bundle.digest ?? '';
    const light = { ...bundle, files: new Map() };
    this.#inForce = { bundle: light, rules, isPrevious, since: nowUs(), cpuUs: cpuUs() };
    this.#o.log({ what: 'rules', version: bundle.version, digest: bundle.digest, rules: rules.count });
  }

  #refuse(version: number, error: unknown): void {
    const known = error instanceof VedetteError ? error : new VedetteError('internal', String(error));
    const { code, detail } = known;
    this.#refusal = { version, code, detail: detail.slice(0, 1024), at: nowUs() };
    this.#o.log({ what: 'rules-refused', version, code, detail });
    this.tell();
  }

  #report(): RuleReport {
    const force = this.#inForce;
    const rssBytes = process.memoryUsage.rss();
    if (force === undefined) return { ...noReport, rssBytes };
    const { rules } = force;
    return {
      rules: rules.count,
      forMs: Math.round((nowUs() - force.since) / 1000),
      events: rules.events,
      matchMs: Math.round(rules.matchMs),
      alerts: rules.alerts,
      alertsShed: rules.alertsShed,
      faults: rules.faultCount,
      faulty: rules.faults,
      cpuMs: Math.round((cpuUs() - force.cpuUs) / 1000),
      rssBytes,
    };
  }
}
