import { createHash } from 'node:crypto';
import { nowUs } from '#shared/clock.ts';
import { catalogue, type ErrorCode } from '#shared/errors.ts';
import { bundlePartBytes } from '#shared/protocol/frames.ts';
import { decodeReport, noReport, type RuleStatus, ruleStatuses } from '#shared/protocol/host-rules.ts';
import type { OfferedBundle } from '../../bundles/contract.ts';
import type { CommandLink, RulesFrame } from '../../ingest/command-channel.ts';
import type { HostBundleStore, SaidBundle, WantedBundle } from '../../store/contract.ts';
import type { Audit } from '../audit.ts';
import type { DesiredBundles } from './desired-bundles.ts';
import { Unwritten } from './unwritten.ts';

export interface HostBundlesOptions {
  readonly store: HostBundleStore;
  readonly desired: DesiredBundles;
  readonly audit: Audit;
  /** Told of a refusal that means somebody tampered with a bundle on its way. */
  readonly onTampering: (hostId: string, code: ErrorCode, detail: string) => Promise<void>;
  /** Told whenever the store knows more of what hosts say, for the rollout. */
  readonly onKept?: () => void;
  readonly log: (level: 'info' | 'warn', what: string, detail: Readonly<Record<string, unknown>>) => void;
}

/** Refusals that no mistake of an operator explains where the collector checked the bundle itself. */
const tampering: ReadonlySet<string> = new Set<ErrorCode>([
  'bundle.signature',
  'bundle.file_changed',
  'bundle.mixed',
  'bundle.root_unknown',
  'bundle.root_rotation',
  'bundle.older',
  'bundle.statement_older',
  'bundle.version_reused',
]);

/** Bundles sent at one time: each has a part of its own in memory. */
const maxSending = 16;
const maxDetail = 1024;
/** Refusals of one connection that are told; a host that goes on is counted only. */
const maxRefusals = 100;

interface Connected {
  readonly link: CommandLink;
  /** What it was offered on this connection, and is not offered again before something changes. */
  offered: string;
  /** What it is to run; undefined before it was told anything. */
  wanted: WantedBundle | undefined;
  /** What it said last on this connection. */
  said: SaidBundle | undefined;
  refusals: number;
}

/**
 * Sees to it that every connected host runs the bundle it is to run, and keeps what each says of it. A host is offered a
 * bundle once on a connection: one that refuses is not asked again before it connects anew or another is desired.
 */
export class HostBundles {
  readonly #o: HostBundlesOptions;
  readonly #connected = new Map<string, Connected>();
  readonly #offerIds = new WeakMap<OfferedBundle, string>();
  readonly #unwritten: Unwritten;
  #sending = 0;
  /** Refusals that were not told because their host had told of too many. */
  refusalsShed = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(options: HostBundlesOptions) {
    this.#o = options;
    this.#unwritten = new Unwritten(
      options.store,
      (error) => options.log('warn', 'the state of rules could not be kept', { error: String(error) }),
      () => options.onKept?.(),
    );
    options.desired.onChange(() => this.#offerAll());
  }

  opened(link: CommandLink): void {
    if (!link.features.includes('bundle')) return;
    this.#connected.set(link.hostId, { link, offered: '', wanted: undefined, said: undefined, refusals: 0 });
    const { root } = this.#o.desired;
    if (root !== undefined) link.send({ kind: 'root', root });
  }

  closed(link: CommandLink): void {
    if (this.#connected.get(link.hostId)?.link === link) this.#connected.delete(link.hostId);
  }

  /** Writes what is not written yet. */
  close(): Promise<void> {
    return this.#unwritten.close();
  }

  /** Keeps what a host says. */
  async said(link: CommandLink, frame: RulesFrame): Promise<void> {
    const { hostId } = link;
    const connected = this.#connected.get(hostId);
    if (connected?.link !== link) return;
    const kept = connected.said === undefined ? await this.#o.store.get(hostId) : undefined;
    connected.wanted ??= kept?.wanted ?? undefined;
    const before = connected.said ?? kept;
    const state = stateOf(hostId, frame, connected.wanted?.version ?? 0);
    const isNews = before === undefined || newsOf(before) !== newsOf(state);
    connected.said = state;
    this.#unwritten.say(state, isNews);
    if (isNews && state.code !== '') {
      if (++connected.refusals <= maxRefusals) await this.#refused(state, frame.offered);
      else this.refusalsShed++;
    }
    this.#offer(connected);
  }

  async #refused({ hostId, code, detail }: SaidBundle, version: number): Promise<void> {
    this.#o.log('warn', 'a host refused a bundle', { host: hostId, code, detail, version });
    await this.#o.audit({
      at: nowUs(),
      actor: `host ${hostId}`,
      action: 'bundle.refuse',
      target: `bundle ${version}`,
      detail: { code, reason: detail },
    });
    if (tampering.has(code)) await this.#o.onTampering(hostId, code as ErrorCode, detail);
  }

  #offerAll(): void {
    const { root } = this.#o.desired;
    for (const connected of this.#connected.values()) {
      if (root !== undefined) connected.link.send({ kind: 'root', root });
      this.#offer(connected);
    }
  }

  #offer(connected: Connected): void {
    const { link, said, offered } = connected;
    const bundle = this.#o.desired.of(link.hostId);
    if (bundle === undefined || said === undefined) return;
    const { version, digest } = bundle;
    if (connected.wanted?.digest !== digest) this.#unwritten.want(link.hostId, { version, digest });
    connected.wanted = { version, digest };
    const offer = this.#offerIdOf(bundle);
    if (said.digest === bundle.digest) connected.offered = '';
    if (said.digest === bundle.digest || offered === offer) return;
    connected.offered = offer;
    void this.#send(connected, bundle, offer).catch((error: unknown) => {
      connected.offered = '';
      this.#o.log('warn', 'a bundle could not be offered', { host: link.hostId, error: String(error) });
    });
  }

  /** In parts, each after the one before has left; ends when the connection does, or another bundle is to be sent. */
  async #send(connected: Connected, bundle: OfferedBundle, offer: string): Promise<void> {
    const { link } = connected;
    const { version, bytes } = bundle;
    await this.#slot();
    try {
      for (let index = 0; index * bundlePartBytes < bytes.length; index++) {
        if (connected.offered !== offer) return;
        const data = bytes.subarray(index * bundlePartBytes, (index + 1) * bundlePartBytes);
        const part = { kind: 'bundle', offer, version, sizeBytes: bytes.length, index, data } as const;
        if (!(await link.sendPart?.(part))) return;
      }
    } finally {
      this.#sending--;
      this.#waiting.shift()?.();
    }
  }

  async #slot(): Promise<void> {
    while (this.#sending >= maxSending) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#sending++;
  }

  #offerIdOf(bundle: OfferedBundle): string {
    let id = this.#offerIds.get(bundle);
    if (id === undefined) {
      id = createHash('sha256').update(bundle.bytes).digest('hex');
      this.#offerIds.set(bundle, id);
    }
    return id;
  }
}

/** What changes more than figures. */
function newsOf({ status, version, digest, code, since }: SaidBundle): string {
  return JSON.stringify([status, version, digest, code, since]);
}

/** What an agent says, as far as it can be believed. */
function stateOf(hostId: string, frame: RulesFrame, wanted: number): SaidBundle {
  const { status, version, expiresAt, since } = frame;
  // What it refused before it was offered another one is of no interest any more.
  const isAbout = frame.offered === 0 || wanted === 0 || frame.offered === wanted;
  return {
    hostId,
    status: ruleStatuses.includes(status as RuleStatus) ? (status as RuleStatus) : 'none',
    ...{ version, expiresAt, since, toldAt: nowUs() },
    digest: /^[0-9a-f]{64}$/.test(frame.digest) ? frame.digest : '',
    code: !isAbout || frame.code === '' ? '' : Object.hasOwn(catalogue, frame.code) ? frame.code : 'internal',
    detail: isAbout ? frame.detail.slice(0, maxDetail) : '',
    report: decodeReport(frame.report) ?? noReport,
  };
}
