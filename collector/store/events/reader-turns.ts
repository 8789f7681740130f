/** Who is answered first: what an index knows goes before searches, also in the middle of one. */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { hostOf } from './filter-scope.ts';
import type { ReaderRequest } from './reader-thread.ts';

export interface Asked {
  readonly number: number;
  readonly request: ReaderRequest | 'close';
}

/** A search looks this often whether somebody with a short question waits. */
const lookMs = 5;

function isShort(request: Asked['request']): boolean {
  if (request === 'close' || request.ask === 'arrivals') return false;
  if (request.ask !== 'newest') return true;
  const { filter } = request.query;
  const parts = filter.kind === 'all' ? filter.of : [filter];
  return hostOf(filter) !== undefined && parts.every(({ kind }) => kind === 'hosts' || kind === 'types');
}

/** Takes questions from a port and has them answered one after another: short ones first, others in their order. */
export class ReaderTurns {
  readonly #port: MessagePort;
  /** Never rejects. */
  readonly #answer: (asked: Asked) => Promise<void>;
  readonly #short: Asked[] = [];
  readonly #others: Asked[] = [];
  #isBusy = false;
  /** A short one is being answered. */
  #isShort = false;
  #lookedMs = 0;

  constructor(port: MessagePort, answer: (asked: Asked) => Promise<void>) {
    this.#port = port;
    this.#answer = answer;
    port.on('message', (asked: Asked) => {
      this.#take(asked);
      void this.#work();
    });
  }

  #take(asked: Asked): void {
    (isShort(asked.request) ? this.#short : this.#others).push(asked);
  }

  /** To be called again and again by what may take long. */
  async letOthersIn(): Promise<void> {
    if (this.#isShort || performance.now() - this.#lookedMs < lookMs) return;
    await this.#answerShort();
  }

  async #answerShort(): Promise<void> {
    for (
      let got = receiveMessageOnPort(this.#port);
      got !== undefined;
      got = receiveMessageOnPort(this.#port)
    )
      this.#take(got.message as Asked);
    this.#isShort = true;
    for (let one = this.#short.shift(); one !== undefined; one = this.#short.shift()) await this.#answer(one);
    this.#isShort = false;
    this.#lookedMs = performance.now();
  }

  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    for (;;) {
      await this.#answerShort();
      const next = this.#others.shift();
      if (next === undefined) break;
      await this.#answer(next);
    }
    this.#isBusy = false;
  }
}
