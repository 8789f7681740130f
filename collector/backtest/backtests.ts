/** Backtests that people ask for: one runs, some wait, the last ones are kept. */
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nowUs } from '#shared/clock.ts';
import type { EpisodeBounds } from '#shared/detect/episode.ts';
import { VedetteError } from '#shared/errors.ts';
import type { Audit } from '../fleet/audit.ts';
import type { RuleSource } from '../rules/rule-source.ts';
import type { BacktestAsk, BacktestInfo, Backtesting } from './asking.ts';
import { runInProcess } from './child.ts';
import type { BacktestHost, BacktestOrder, BacktestReport } from './contract.ts';

/** That wait, and that are kept once they have ended. */
export const maxWaiting = 4;
export const maxKept = 16;
/** Rules whose measured cost is remembered. */
const maxCosts = 20_000;

export interface BacktestsDeps {
  readonly entry: URL;
  /** Data folder of the collector. */
  readonly folder: string;
  /** Of the keys of what is stored; empty where there is none. */
  readonly keyFile: string;
  readonly threads: number;
  readonly memoryBytes: number;
  readonly episodes?: EpisodeBounds;
  /** The rules that detect now. */
  readonly inForce: () => Promise<RuleSource>;
  readonly hosts: () => Promise<readonly BacktestHost[]>;
  readonly audit: Audit;
}

type Kept = { -readonly [K in keyof BacktestInfo]: BacktestInfo[K] } & { readonly abort: AbortController };

export class Backtests implements Backtesting {
  readonly #deps: BacktestsDeps;
  /** Oldest first. */
  readonly #kept = new Map<string, Kept>();
  /** By rule, those measured last at the end. */
  readonly #costs = new Map<string, number>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: BacktestsDeps) {
    this.#deps = deps;
  }

  async start(ask: BacktestAsk, by: string): Promise<BacktestInfo> {
    const waiting = [...this.#kept.values()].filter(({ state }) => state === 'waiting').length;
    if (waiting >= maxWaiting)
      throw new VedetteError('backtest.busy', `One runs and ${waiting} wait already.`);
    const id = randomBytes(8).toString('hex');
    const abort = new AbortController();
    const kept: Kept = {
      ...{ id, by, abort, startedAt: nowUs(), since: ask.since, until: ask.until },
      ...{ state: 'waiting', progress: null, report: null, failure: null },
    };
    this.#kept.set(id, kept);
    this.#forgetOld();
    const target = `backtest ${id}`;
    const detail = { files: ask.rules.length, since: ask.since, until: ask.until };
    await this.#deps.audit({ at: nowUs(), actor: by, action: 'backtest.run', target, detail });
    this.#turn = this.#turn.then(() => this.#run(kept, ask));
    return infoOf(kept);
  }

  list(): readonly Omit<BacktestInfo, 'report'>[] {
    return [...this.#kept.values()].map(infoOf);
  }

  get(id: string): BacktestInfo | undefined {
    const kept = this.#kept.get(id);
    return kept && infoOf(kept);
  }

  cancel(id: string): boolean {
    const kept = this.#kept.get(id);
    if (kept === undefined || (kept.state !== 'waiting' && kept.state !== 'running')) return false;
    kept.abort.abort();
    kept.state = 'cancelled';
    return true;
  }

  /** Ends what runs and what waits. */
  async close(): Promise<void> {
    for (const id of this.#kept.keys()) this.cancel(id);
    await this.#turn;
  }

  async #run(kept: Kept, ask: BacktestAsk): Promise<void> {
    if (kept.state !== 'waiting') return;
    kept.state = 'running';
    const folder = join(this.#deps.folder, 'backtest', kept.id);
    const swept = () => rm(folder, { recursive: true, force: true }).catch(() => undefined);
    try {
      const report = await this.#runIn(folder, kept, ask).finally(swept);
      Object.assign(kept, { state: 'done', report });
      this.#keepCosts(report);
    } catch (error) {
      const { code, detail } =
        error instanceof VedetteError
          ? error
          : new VedetteError('backtest.failed', `${(error as Error).message}.`);
      Object.assign(kept, {
        state: code === 'backtest.cancelled' ? 'cancelled' : 'failed',
        failure: { code, detail },
      });
    }
  }

  async #runIn(folder: string, kept: Kept, ask: BacktestAsk): Promise<BacktestReport> {
    const { threads, memoryBytes, episodes, inForce, hosts, entry, keyFile } = this.#deps;
    const now = await inForce();
    const names = await writeTexts(folder, ask, now.files);
    const known = await hosts();
    const order: BacktestOrder = {
      journalPath: join(this.#deps.folder, 'journal.db'),
      segmentFolder: join(this.#deps.folder, 'segments'),
      workFolder: folder,
      keyFile,
      candidate: {
        rulePaths: [join(folder, 'rules')],
        listPaths: ask.lists.length > 0 || now.files !== undefined ? [join(folder, 'lists')] : now.listPaths,
        uses: usesOf(folder, ask),
      },
      ...(ask.compare && { inForce: now }),
      ...(ask.watched.length > 0 && { watched: ask.watched }),
      ...(ask.hosts.length > 0 && { hostIds: hostIdsOf(ask.hosts, known) }),
      ...{ since: ask.since, until: ask.until, hosts: known, threads, memoryBytes },
      ...(episodes !== undefined && { episodes }),
    };
    const onProgress = (progress: NonNullable<Kept['progress']>) => {
      kept.progress = progress;
    };
    const report = await runInProcess(entry, order, onProgress, kept.abort.signal);
    const problems = report.problems.map((p) => ({ ...p, file: names.get(p.file) ?? p.file }));
    return { ...report, problems };
  }

  costOf(ruleId: string): number | undefined {
    return this.#costs.get(ruleId);
  }

  #keepCosts({ outcomes }: BacktestReport): void {
    for (const { id, costNs } of outcomes) {
      if (costNs === null) continue;
      this.#costs.delete(id);
      this.#costs.set(id, costNs);
    }
    for (const id of [...this.#costs.keys()].slice(0, Math.max(0, this.#costs.size - maxCosts)))
      this.#costs.delete(id);
  }

  #forgetOld(): void {
    const ended = [...this.#kept.values()].filter(({ state }) => state !== 'waiting' && state !== 'running');
    for (const { id } of ended.slice(0, Math.max(0, ended.length - maxKept))) this.#kept.delete(id);
  }
}

function infoOf({ abort: _, ...info }: Kept): BacktestInfo {
  return info;
}

/**
 * Under names of ours, since those that were given come from outside; lists of the bundle in force where none were
 * given. Gives their names by ours.
 */
async function writeTexts(
  folder: string,
  ask: BacktestAsk,
  bundle: RuleSource['files'],
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (const part of ['rules', 'pipelines'] as const) {
    await mkdir(join(folder, part), { recursive: true, mode: 0o700 });
    for (const [i, { file, text }] of ask[part].entries()) {
      const path = join(folder, part, `${String(i).padStart(6, '0')}.yml`);
      await writeFile(path, text, { mode: 0o600 });
      names.set(path, file);
    }
  }
  await mkdir(join(folder, 'lists'), { recursive: true, mode: 0o700 });
  for (const { name, values } of ask.lists)
    await writeFile(join(folder, 'lists', `${name}.txt`), values.join('\n'), { mode: 0o600 });
  if (ask.lists.length === 0)
    for (const [path, bytes] of bundle ?? []) {
      const name = /^lists\/([\w.-]+\.txt)$/.exec(path)?.[1];
      if (name !== undefined) await writeFile(join(folder, 'lists', name), bytes, { mode: 0o600 });
    }
  return names;
}

function usesOf(folder: string, { pipelines, builtIn }: BacktestAsk): RuleSource['uses'] {
  const all = [...builtIn, ...(pipelines.length > 0 ? [join(folder, 'pipelines')] : [])];
  return all.length === 0 ? [] : [{ pipelines: all }];
}

/** Hosts by id or name; one that is not known is taken to be the id of a host that is gone. */
function hostIdsOf(wanted: readonly string[], known: readonly BacktestHost[]): readonly string[] {
  return wanted.flatMap((one) => {
    const found = known.filter(({ id, name }) => id === one || name.toLowerCase() === one.toLowerCase());
    return found.length > 0 ? found.map(({ id }) => id) : [one];
  });
}
