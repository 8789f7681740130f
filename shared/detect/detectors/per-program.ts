import type { Observation } from './contract.ts';
import { PerText } from './per-text.ts';

/** What is made of the program an event is of: of its path, or of its name where the path is not known. */
export class PerProgram<T> {
  readonly #path: PerText<T>;
  readonly #name: PerText<T>;

  constructor(make: (program: string, seen: Observation) => T) {
    this.#path = new PerText('process.executable', make);
    this.#name = new PerText('process.name', make);
  }

  of(seen: Observation): T | undefined {
    return this.#path.of(seen) ?? this.#name.of(seen);
  }
}
