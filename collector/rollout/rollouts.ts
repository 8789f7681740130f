/** Brings a bundle to hosts in stages, watches them, and puts them back when a gate says so. */
import { randomBytes } from 'node:crypto';
import { VedetteError } from '#shared/errors.ts';
import type { BundleService, OfferedBundle } from '../bundles/contract.ts';
import type { DesiredBundles } from '../fleet/bundles/desired-bundles.ts';
import type { Host, HostBundle, HostStore, RolloutStore } from '../store/contract.ts';
import type {
  HostProgress,
  Rollout,
  RolloutOrder,
  RolloutPlan,
  RolloutProgress,
  RolloutService,
  UsualRollout,
} from './contract.ts';
import { alertsPerHour, cpuShare, hasEnoughAcked, silentReason, stopReason } from './gates.ts';
import { hostsOf } from './stages.ts';

export interface RolloutsDeps {
  readonly store: RolloutStore;
  readonly bundles: BundleService;
  readonly desired: Pick<DesiredBundles, 'setFor' | 'setForAll'>;
  readonly hosts: Pick<HostStore, 'list'>;
  /** What each host said of its rules last. */
  readonly said: () => Promise<readonly HostBundle[]>;
  readonly changed: (rollout: Rollout) => void;
  readonly onError: (error: unknown) => void;
  readonly now: () => number;
  readonly usual: UsualRollout;
  /** Milliseconds between looks at a rollout that runs. */
  readonly lookMs?: number;
}

const usualLookMs = 500;
const collector = 'collector';
const isOver = ({ state }: Rollout) => state === 'done' || state === 'rolled-back';

interface Change {
  readonly by: string;
  readonly action: string;
  readonly detail?: Readonly<Record<string, string | number>>;
}

export class Rollouts implements RolloutService {
  readonly #d: RolloutsDeps;
  readonly #timer: NodeJS.Timeout;
  #offered: OfferedBundle | undefined;
  /** Id of the one that runs; there is one at most. */
  #running: string | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #isLooking = false;
  #isAskedAgain = false;
  #isClosed = false;

  private constructor(deps: RolloutsDeps) {
    this.#d = deps;
    this.#timer = setInterval(() => this.look(), deps.lookMs ?? usualLookMs);
  }

  /** Looks at the rollout that runs, if one does: at the next stage, or at a gate. Asked again meanwhile it looks again. */
  look(): void {
    if (this.#isClosed || this.#running === undefined) return;
    if (this.#isLooking) {
      this.#isAskedAgain = true;
      return;
    }
    this.#isLooking = true;
    void this.#inTurn(() => this.#look())
      .catch((error: unknown) => this.#d.onError(error))
      .finally(() => {
        this.#isLooking = false;
        const isAskedAgain = this.#isAskedAgain;
        this.#isAskedAgain = false;
        if (isAskedAgain) this.look();
      });
  }

  /** Hosts of rollouts of before are to run again what they were given. */
  static async open(deps: RolloutsDeps): Promise<Rollouts> {
    const rollouts = new Rollouts(deps);
    const { inForce } = await deps.bundles.list();
    for (const rollout of (await deps.store.list()).toReversed()) {
      if (rollout.state === 'running') rollouts.#running = rollout.id;
      const version = isOver(rollout) ? rollout.backTo : rollout.version;
      // What was put in force for all since then stands above it.
      if (version === null || version === inForce?.version || (inForce?.at ?? 0) > rollout.changedAt)
        continue;
      const bundle = await deps.bundles.get(version).catch(() => undefined);
      if (bundle === undefined) continue;
      const { digest } = bundle;
      const offered = { version, digest, bytes: await deps.bundles.content(version) };
      if (!isOver(rollout)) rollouts.#offered = offered;
      deps.desired.setFor(rollout.hosts, offered);
    }
    // A stage that a crash cut off is not one whose hosts have all taken the bundle.
    const running = await deps.store.get(rollouts.#running ?? '');
    if (running !== undefined)
      await rollouts
        .#inTurn(() => rollouts.#beginStage(running, running.stage, collector))
        .catch(deps.onError);
    return rollouts;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#isClosed = true;
    await this.#turn;
  }

  get usual(): UsualRollout {
    return this.#d.usual;
  }

  async demandDirect(): Promise<void> {
    if (this.usual.needsApproval)
      throw new VedetteError(
        'rollout.own_approval',
        'Bundles come into force by a rollout that somebody else approves.',
      );
    if ((await this.#d.store.list()).some((one) => !isOver(one)))
      throw new VedetteError('rollout.busy', 'A rollout is under way.');
  }

  list(): Promise<readonly Rollout[]> {
    return this.#d.store.list();
  }

  async get(id: string): Promise<RolloutProgress> {
    const rollout = await this.#found(id);
    return { rollout, hosts: await this.#progress(rollout) };
  }

  start({ version, plan, by }: RolloutOrder): Promise<Rollout> {
    return this.#inTurn(async () => {
      const { store, bundles, now } = this.#d;
      if ((await store.list()).some((one) => !isOver(one)))
        throw new VedetteError('rollout.busy', 'One rollout is at work at a time.');
      const { digest } = await bundles.get(version);
      await this.#demandHosts(plan);
      const at = now();
      const rollout: Rollout = {
        ...{ id: randomBytes(4).toString('hex'), version, digest, plan, stage: 0, hosts: [] },
        ...{ startedAt: at, startedBy: by, approvedBy: null, stageAt: at, ackedAt: null },
        ...{ usualAlertsPerHour: await this.#usualAlerts(), backTo: null, reason: '', changedAt: at },
        state: plan.needsApproval ? 'waiting' : 'running',
      };
      const stages = plan.stages.map(({ name }) => name).join(', ');
      await this.#keep(rollout, { by, action: 'rollout.start', detail: { version, stages } });
      return plan.needsApproval ? rollout : await this.#beginStage(rollout, 0, by);
    });
  }

  approve(id: string, by: string): Promise<Rollout> {
    return this.#change(id, ['waiting'], async (rollout) => {
      if (by === rollout.startedBy) throw new VedetteError('rollout.own_approval', `${by} started it.`);
      const approved: Rollout = { ...rollout, state: 'running', approvedBy: by };
      await this.#keep(approved, { by, action: 'rollout.approve' });
      return await this.#beginStage(approved, 0, by);
    });
  }

  pause(id: string, by: string): Promise<Rollout> {
    return this.#change(id, ['running'], (rollout) =>
      this.#keep({ ...rollout, state: 'paused' }, { by, action: 'rollout.pause' }),
    );
  }

  /** Its stage begins anew: whatever stopped it may have been half done, and nobody watched meanwhile. */
  resume(id: string, by: string): Promise<Rollout> {
    return this.#change(id, ['paused', 'halted'], async (rollout) => {
      const running: Rollout = { ...rollout, state: 'running', reason: '' };
      await this.#keep(running, { by, action: 'rollout.resume' });
      return await this.#beginStage(running, running.stage, by);
    });
  }

  rollBack(id: string, by: string, reason: string): Promise<Rollout> {
    const states = ['waiting', 'running', 'paused', 'halted', 'done'] as const;
    return this.#change(id, states, (rollout) => this.#putBack(rollout, by, reason));
  }

  #change(
    id: string,
    states: readonly Rollout['state'][],
    work: (rollout: Rollout) => Promise<Rollout>,
  ): Promise<Rollout> {
    return this.#inTurn(async () => {
      const rollout = await this.#found(id);
      if (!states.includes(rollout.state))
        throw new VedetteError('rollout.state', `Rollout ${id} is ${rollout.state}.`);
      return await work(rollout);
    });
  }

  async #look(): Promise<void> {
    const rollout = await this.#found(this.#running ?? '');
    if (rollout.state !== 'running') return;
    const { plan, stage, stageAt, ackedAt, usualAlertsPerHour } = rollout;
    const hosts = await this.#progress(rollout);
    const stageForS = (this.#d.now() - stageAt) / 1e6;
    const reason = stopReason(plan, { hosts, usualAlertsPerHour, stageForS });
    if (reason !== undefined) return void (await this.#stop(rollout, reason));
    // A fleet without hosts has nobody to wait for; rules are for central detection then.
    const hasAcked = hosts.length === 0 || hasEnoughAcked(plan, hosts);
    if (!hasAcked) return;
    const at = ackedAt ?? this.#d.now();
    if (ackedAt === null) {
      const seconds = Math.round((at - stageAt) / 1e3) / 1e3;
      const detail = { stage: nameOf(rollout), hosts: hosts.filter((one) => one.hasAcked).length, seconds };
      await this.#keep(
        { ...rollout, ackedAt: at },
        { by: collector, action: 'rollout.acknowledged', detail },
      );
    }
    const soakedForS = (this.#d.now() - at) / 1e6 - plan.soakS;
    if (soakedForS < 0) return;
    const silence = silentReason(plan, hosts, at, soakedForS);
    if (silence === 'wait') return;
    if (silence !== undefined) return void (await this.#stop(rollout, silence));
    const acked = { ...rollout, ackedAt: at };
    if (stage + 1 < plan.stages.length) await this.#beginStage(acked, stage + 1, collector);
    else await this.#keep({ ...acked, state: 'done' }, { by: collector, action: 'rollout.done' });
  }

  async #beginStage(rollout: Rollout, stage: number, by: string): Promise<Rollout> {
    const { bundles, desired, now } = this.#d;
    const { version, digest, plan } = rollout;
    const active = (await this.#d.hosts.list()).filter(({ state }) => state === 'active');
    const hosts = hostsOf(plan.stages.slice(0, stage + 1), active, digest);
    const begun: Rollout = { ...rollout, stage, hosts, stageAt: now(), ackedAt: null };
    const detail = { stage: nameOf(begun), hosts: hosts.length };
    try {
      if (plan.stages[stage]?.percent === 100) {
        const reason = `rollout ${rollout.id}`;
        const { inForce } = await bundles.list();
        if (inForce?.version !== version) await bundles.activate({ version, by, reason, isRollback: false });
      } else {
        if (this.#offered?.digest !== digest) this.#offered = await bundles.stage(version, by);
        desired.setFor(hosts, this.#offered);
      }
    } catch (error) {
      const { code = 'internal', detail: why = String(error) } = error as Partial<VedetteError>;
      await this.#keep(
        { ...begun, state: 'halted', reason: `${code}: ${why}` },
        { by, action: 'rollout.halt' },
      );
      throw error;
    }
    return await this.#keep(begun, { by, action: 'rollout.stage', detail });
  }

  /** A gate stopped it. */
  async #stop(rollout: Rollout, reason: string): Promise<Rollout> {
    try {
      return await this.#putBack(rollout, collector, reason);
    } catch (error) {
      this.#d.onError(error);
      const { code = 'internal' } = error as Partial<VedetteError>;
      const halted: Rollout = { ...rollout, state: 'halted', reason: `${reason}; not put back: ${code}` };
      return await this.#keep(halted, { by: collector, action: 'rollout.halt', detail: { reason } });
    }
  }

  async #putBack(rollout: Rollout, by: string, reason: string): Promise<Rollout> {
    const { bundles, desired } = this.#d;
    const { inForce, switches, bundles: kept } = await bundles.list();
    let backTo: number | null = null;
    if (inForce?.version === rollout.version) {
      const isKept = (version: number) => kept.some((one) => one.version === version);
      const before = switches.find(({ version }) => version !== rollout.version && isKept(version));
      const version = before?.version ?? (await bundles.buildStarterPack(by)).version;
      const isRollback = version < rollout.version;
      await bundles.activate({
        version,
        by,
        reason: `rollout ${rollout.id}: ${reason}`.slice(0, 512),
        isRollback,
      });
    } else if (rollout.hosts.length > 0) {
      const called = await bundles.callBack(by, reason);
      if (called === undefined) {
        const { version } = await bundles.buildStarterPack(by);
        const pack = await bundles.stage(version, by);
        desired.setFor(rollout.hosts, pack);
        backTo = version;
      } else {
        desired.setForAll(called);
        desired.setFor(rollout.hosts, undefined);
      }
    }
    this.#offered = undefined;
    const back: Rollout = { ...rollout, state: 'rolled-back', reason, backTo };
    return await this.#keep(back, { by, action: 'rollout.roll-back', detail: { reason } });
  }

  async #progress({ hosts, digest }: Rollout): Promise<readonly HostProgress[]> {
    const said = new Map((await this.#d.said()).map((one) => [one.hostId, one]));
    const all = new Map((await this.#d.hosts.list()).map((host) => [host.id, host]));
    return hosts.flatMap((id) => {
      const host = all.get(id);
      return host?.state === 'active' ? [progressOf(host, said.get(id), digest)] : [];
    });
  }

  /** The mean over hosts that have run their rules for a while. */
  async #usualAlerts(): Promise<number> {
    const rates = (await this.#d.said())
      .filter(({ report }) => report.forMs > leastUsualMs)
      .map(({ report }) => alertsPerHour(report));
    return rates.length === 0 ? 0 : rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  }

  /** A name that is nobody's would let a bundle past its canary. */
  async #demandHosts({ stages }: RolloutPlan): Promise<void> {
    const active = (await this.#d.hosts.list()).filter(({ state }) => state === 'active');
    const empty = stages.find((stage) => stage.hosts.length > 0 && hostsOf([stage], active, '').length === 0);
    if (empty !== undefined)
      throw new VedetteError('rollout.plan', `No active host is called \`${empty.name}\`.`);
  }

  async #found(id: string): Promise<Rollout> {
    const rollout = await this.#d.store.get(id);
    if (rollout === undefined) throw new VedetteError('api.not_found', `There is no rollout ${id}.`);
    return rollout;
  }

  async #keep(rollout: Rollout, { by, action, detail = {} }: Change): Promise<Rollout> {
    const changed = { ...rollout, changedAt: this.#d.now() };
    const target = `rollout ${rollout.id}`;
    this.#running = changed.state === 'running' ? changed.id : undefined;
    await this.#d.store.put(changed, { at: changed.changedAt, actor: by, action, target, detail });
    this.#d.changed(changed);
    return changed;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

const leastUsualMs = 600_000;

function nameOf({ plan, stage }: Rollout): string {
  return plan.stages[stage]?.name ?? '';
}

function progressOf(host: Host, said: HostBundle | undefined, digest: string): HostProgress {
  const hasAcked = said?.digest === digest;
  const report = hasAcked ? said.report : undefined;
  const wants = said?.wanted?.digest === digest;
  return {
    hostId: host.id,
    hostName: host.hostname,
    isConnected: host.connected,
    hasAcked,
    // What it refused before it was offered this one is not about this one.
    code: wants && !hasAcked ? (said.code as HostProgress['code']) : '',
    detail: wants && !hasAcked ? said.detail : '',
    alertsPerHour: report === undefined ? 0 : alertsPerHour(report),
    faults: report?.faults ?? 0,
    cpuShare: report === undefined ? 0 : cpuShare(report),
    rssBytes: report?.rssBytes ?? 0,
    toldAt: said?.toldAt ?? 0,
  };
}
