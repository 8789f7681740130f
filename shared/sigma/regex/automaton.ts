import type { Program } from './program.ts';
import { Simulation } from './simulation.ts';
import { assertionHolds, type Neighbour, neighbourOf, neighbours, UnitClasses } from './units.ts';

/** States kept before all are dropped and made again as needed. */
export const stateBound = 1_000;
/** Steps of all states together, some four hundred kilobytes: an expression in a thousand places at once has large states. */
const keptSteps = 20_000;

/** Times states may be dropped within one value before the rest of it is simulated step by step, which then is faster. */
const dropsBound = 1;

const unknown = -1;
const matched = -2;
const dead = -3;

interface State {
  /** Steps reached, before assertions at this place are asked. */
  readonly steps: readonly number[];
  readonly before: Neighbour;
}

/**
 * Runs a program over values in one pass, each unit once: a deterministic automaton whose states are made when first
 * reached and kept up to a bound; where they would be too many, the program itself is simulated. Time is linear in the value whatever the expression.
 */
export class Automaton {
  readonly #program: Program;
  readonly #classes: UnitClasses;
  /** By state: next state by class, the last column for the end of the value. */
  #table: Int32Array;
  readonly #width: number;
  #states: State[] = [];
  #ids = new Map<string, number>();
  /** Steps of all states. */
  #kept = 0;
  #drops = 0;
  /** Made once a value had more states than are kept; from then on those there are stay, and what they lack is simulated. */
  #simulation: Simulation | undefined;

  constructor(program: Program) {
    this.#program = program;
    this.#classes = new UnitClasses(program.steps.flatMap((s) => (s.op === 'set' ? [s.ranges] : [])));
    this.#width = this.#classes.count + 1;
    this.#table = new Int32Array(16 * this.#width).fill(unknown);
    this.#reset();
  }

  /** Whether the expression matches anywhere in the value. Throws ValueOverrun. */
  test(value: string): boolean {
    let state = 0;
    this.#drops = 0;
    for (let i = 0; i < value.length; i++) {
      if (this.#drops > dropsBound) return this.#simulate(value, i, state);
      const unitClass = this.#classes.of(value.charCodeAt(i));
      let next = this.#table[state * this.#width + unitClass]!;
      if (next === unknown) {
        if (this.#simulation !== undefined && this.#isFull) return this.#simulate(value, i, state);
        next = this.#advance(state, unitClass);
      }
      if (next < 0) return next === matched;
      state = next;
    }
    const end = this.#table[state * this.#width + this.#width - 1]!;
    return (end === unknown ? this.#finish(state) : end) === matched;
  }

  #simulate(value: string, from: number, id: number): boolean {
    this.#simulation ??= new Simulation(this.#program, this.#classes);
    const { steps, before } = this.#states[id]!;
    return this.#simulation.run(value, from, steps, before);
  }

  get #isFull(): boolean {
    return this.#states.length >= stateBound || this.#kept >= keptSteps;
  }

  #reset(): void {
    this.#drops++;
    this.#states = [];
    this.#ids.clear();
    this.#kept = 0;
    this.#table.fill(unknown);
    this.#stateOf([this.#program.start], neighbours.edge);
  }

  #stateOf(steps: readonly number[], before: Neighbour): number {
    const key = `${before} ${steps.join(' ')}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#states.push({ steps, before }) - 1;
    this.#ids.set(key, id);
    this.#kept += steps.length;
    if ((id + 1) * this.#width > this.#table.length) {
      const grown = new Int32Array(this.#table.length * 2).fill(unknown);
      grown.set(this.#table);
      this.#table = grown;
    }
    return id;
  }

  #advance(id: number, unitClass: number): number {
    const unit = this.#classes.sample(unitClass);
    const after = neighbourOf(unit);
    const reached = this.#closure(this.#states[id]!, after);
    const next = reached === matched ? matched : this.#step(reached, unit, after);
    this.#table[id * this.#width + unitClass] = next;
    if (next < 0 || !this.#isFull || this.#simulation !== undefined) return next;
    const state = this.#states[next]!;
    this.#reset();
    return this.#stateOf(state.steps, state.before);
  }

  #step(reached: readonly number[], unit: number, before: Neighbour): number {
    const steps = new Set<number>();
    for (const at of reached) {
      const step = this.#program.steps[at]!;
      if (step.op === 'set' && step.ranges.some(([from, to]) => unit >= from && unit <= to))
        steps.add(step.next);
    }
    if (!this.#program.anchored) steps.add(this.#program.start);
    if (steps.size === 0) return dead;
    return this.#stateOf(
      [...steps].sort((a, b) => a - b),
      before,
    );
  }

  #finish(id: number): number {
    const reached = this.#closure(this.#states[id]!, neighbours.edge);
    const result = reached === matched ? matched : dead;
    this.#table[id * this.#width + this.#width - 1] = result;
    return result;
  }

  /** Steps reachable without taking a unit, given what stands on both sides; `matched` when the match is among them. */
  #closure({ steps, before }: State, after: Neighbour): readonly number[] | typeof matched {
    const seen = new Set<number>(steps);
    const queue = [...steps];
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      const step = this.#program.steps[at]!;
      if (step.op === 'match') return matched;
      const ways =
        step.op === 'split'
          ? step.ways
          : step.op === 'assert' && assertionHolds(step.what, before, after)
            ? [step.next]
            : [];
      for (const way of ways) {
        if (seen.has(way)) continue;
        seen.add(way);
        queue.push(way);
      }
    }
    return [...seen];
  }
}
