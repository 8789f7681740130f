import { fold } from './fold.ts';

/** A value as tests take it; folded once, when a test asks for that. */
export class Value {
  readonly text: string;
  #folded: string | undefined;

  constructor(text: string) {
    this.text = text;
  }

  get folded(): string {
    this.#folded ??= fold(this.text);
    return this.#folded;
  }
}
