import type { Alert, FrozenTree, StoryStore } from '../store/contract.ts';
import type { ProcessTree, TreeBounds } from '../tree/contract.ts';
import { relationsOf } from './relations.ts';

export interface StoryBuilderOptions {
  readonly stories: StoryStore;
  /** The tree of the process of an alert; rejects where there is none. */
  readonly treeOf: (alertId: string, bounds: TreeBounds) => Promise<ProcessTree>;
  /** An alert got its story or its tree. */
  readonly onChanged: (alertId: string) => void;
  readonly onError: (error: unknown) => void;
  readonly now: () => number;
}

/** Alerts put into stories in one transaction. */
const placedAtOnce = 50;
/** Trees looked for in one turn: each asks the store several questions. */
const treesAtOnce = 4;
const turnMs = 500;
/** What only a host told of is waited for so long: its events should come with it. */
const settledUs = 60_000_000;
/** Processes below the one of the alert; an attack that made more is seen in the live tree. */
const treeBounds: TreeBounds = { rangeUs: 3_600_000_000, maxProcesses: 40, maxEvents: 1 };
/** Trees are looked for in this share of the time at most: the store has others to answer. */
const treeShare = 0.25;
/** Characters of a command line that a frozen tree keeps. */
const commandLength = 1024;

/**
 * Puts alerts into stories as they come, and freezes the tree of each. What is still to be done is in the database, so
 * that it goes on after a restart; it is done beside detection, which does not wait for it.
 */
export class StoryBuilder {
  readonly #o: StoryBuilderOptions;
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isClosed = false;
  #nextTreesMs = 0;

  constructor(options: StoryBuilderOptions) {
    this.#o = options;
    this.#wait();
  }

  /** Goes through what there is now: everything that is to be placed, and some trees. Gives whether anything was. */
  async turn(): Promise<boolean> {
    const placed = await this.#place();
    const frozen = await this.#freeze();
    return placed || frozen;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#turn;
  }

  #wait(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#turn = this.turn()
        .then(
          () => undefined,
          (error: unknown) => this.#o.onError(error),
        )
        .then(() => this.#wait());
    }, turnMs);
  }

  async #place(): Promise<boolean> {
    const { stories } = this.#o;
    const alerts = await stories.unplaced(placedAtOnce);
    if (alerts.length === 0) return false;
    await stories.place(
      alerts.map((alert) => ({
        ...{ alertId: alert.id, firstEventAt: alert.firstEventAt, lastEventAt: alert.lastEventAt },
        relations: relationsOf(alert, chainOf(alert)),
      })),
    );
    for (const { id } of alerts) this.#o.onChanged(id);
    return true;
  }

  async #freeze(): Promise<boolean> {
    const { stories, now } = this.#o;
    const began = performance.now();
    if (began < this.#nextTreesMs) return false;
    const alerts = await stories.treeless(treesAtOnce, now() - settledUs);
    for (const alert of alerts) {
      if (this.#isClosed) return false;
      await stories.freeze(alert.id, await this.#treeOf(alert));
    }
    const tookMs = performance.now() - began;
    this.#nextTreesMs = began + tookMs / treeShare;
    return alerts.length > 0;
  }

  async #treeOf({ id }: Alert): Promise<FrozenTree | null> {
    try {
      return frozen(await this.#o.treeOf(id, treeBounds), this.#o.now());
    } catch (error) {
      const { code } = error as { readonly code?: string };
      if (code === 'tree.no_process' || code === 'api.not_found') return null;
      throw error;
    }
  }
}

function frozen({ processes, leftOut }: ProcessTree, at: number): FrozenTree {
  return {
    at,
    processes: processes.map(({ entityId, pid, name, user, programs, startedAt, depth, relation }) => {
      const last = programs.at(-1);
      const commandLine = (last?.commandLine ?? last?.executable ?? null)?.slice(0, commandLength) ?? null;
      return { entityId, pid, name, user, commandLine, startedAt, depth, relation };
    }),
    leftOut: leftOut.processes.count,
  };
}

/** The process and its ancestors, the nearest first. */
function chainOf({ tree }: Alert) {
  return (tree?.processes ?? []).filter(({ relation }) => relation !== 'descendant').toReversed();
}
