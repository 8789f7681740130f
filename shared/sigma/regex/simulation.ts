import { ValueOverrun } from '../value-tests/test.ts';
import type { Program } from './program.ts';
import { assertionHolds, type Neighbour, neighbourOf, neighbours, type UnitClasses } from './units.ts';

/**
 * Steps taken over one value, some ten milliseconds' worth. An expression that is in a thousand places at once reaches it
 * after four thousand characters; whoever can write a command line could hold up everything else with a longer one.
 */
export const simulatedSteps = 4_000_000;

/** What all simulations of this process have taken in a second of the clock. */
const spent = { second: 0, ms: 0 };
let msPerSecond = Number.POSITIVE_INFINITY;

/**
 * Bounds the time that all expressions of this process are simulated for in a second; what goes beyond overruns. For a
 * process that must leave its machine to others: elsewhere what matches must not depend on how fast the values come.
 */
export function boundSimulation(msInSecond: number): void {
  msPerSecond = msInSecond;
}

/** Steps reached, each once, in the order they were added; emptied at no cost. */
class StepSet {
  readonly list: Int32Array;
  readonly #place: Int32Array;
  size = 0;

  constructor(steps: number) {
    this.list = new Int32Array(steps);
    this.#place = new Int32Array(steps);
  }

  add(step: number): void {
    const place = this.#place[step]!;
    if (place < this.size && this.list[place] === step) return;
    this.#place[step] = this.size;
    this.list[this.size++] = step;
  }
}

function overrun(bound: string, { length }: string): ValueOverrun {
  return new ValueOverrun(`the expression takes more than ${bound} over a text of ${length} characters`);
}

/** Runs a program step by step over all threads at once: value length × program length at most, no memory of states. */
export class Simulation {
  readonly #program: Program;
  readonly #classes: UnitClasses;
  /** By step and class: 1 when the step takes units of the class. */
  readonly #takes: Uint8Array;
  #now: StepSet;
  #next: StepSet;
  /** Steps that the value at hand may still take. */
  #left = 0;

  constructor(program: Program, classes: UnitClasses) {
    const { steps } = program;
    this.#program = program;
    this.#classes = classes;
    this.#takes = new Uint8Array(steps.length * classes.count);
    this.#now = new StepSet(steps.length);
    this.#next = new StepSet(steps.length);
    steps.forEach((step, at) => {
      if (step.op !== 'set') return;
      for (let c = 0; c < classes.count; c++) {
        const unit = classes.sample(c);
        if (step.ranges.some(([from, to]) => unit >= from && unit <= to))
          this.#takes[at * classes.count + c] = 1;
      }
    });
  }

  /** Goes on at `from` with the steps reached there. Throws ValueOverrun. */
  run(value: string, from: number, steps: readonly number[], before: Neighbour): boolean {
    this.#now.size = 0;
    for (const step of steps) this.#now.add(step);
    this.#left = simulatedSteps;
    const began = performance.now();
    const number = Math.floor(began / 1000);
    if (number !== spent.second) Object.assign(spent, { second: number, ms: 0 });
    if (spent.ms >= msPerSecond) throw overrun(`${msPerSecond} ms a second with the others`, value);
    const holds = this.#run(value, from, before);
    spent.ms += performance.now() - began;
    if (this.#left < 0) throw overrun(`${simulatedSteps} steps`, value);
    return holds;
  }

  /** False as well when it ends because no steps are left. */
  #run(value: string, from: number, before: Neighbour): boolean {
    for (let i = from; i <= value.length; i++) {
      const unit = i < value.length ? value.charCodeAt(i) : -1;
      const after = unit < 0 ? neighbours.edge : neighbourOf(unit);
      if (this.#close(before, after)) return true;
      if (unit < 0) return false;
      this.#left -= this.#now.size;
      if (this.#left < 0) return false;
      this.#take(this.#classes.of(unit));
      if (!this.#program.anchored) this.#now.add(this.#program.start);
      if (this.#now.size === 0) return false;
      before = after;
    }
    return false;
  }

  /** Adds what is reachable without taking a unit; true when the match is. */
  #close(before: Neighbour, after: Neighbour): boolean {
    const now = this.#now;
    for (let i = 0; i < now.size; i++) {
      const step = this.#program.steps[now.list[i]!]!;
      if (step.op === 'match') return true;
      if (step.op === 'split') for (const way of step.ways) now.add(way);
      else if (step.op === 'assert' && assertionHolds(step.what, before, after)) now.add(step.next);
    }
    return false;
  }

  #take(unitClass: number): void {
    const { steps } = this.#program;
    const [now, next] = [this.#now, this.#next];
    next.size = 0;
    for (let i = 0; i < now.size; i++) {
      const at = now.list[i]!;
      const step = steps[at]!;
      if (step.op === 'set' && this.#takes[at * this.#classes.count + unitClass] === 1) next.add(step.next);
    }
    [this.#now, this.#next] = [next, now];
  }
}
