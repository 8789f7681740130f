/** The header Idempotency-Key: what was asked before with the same key is not done again. */
import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { VedetteError } from '#shared/errors.ts';
import type { Credential } from '../store/contract.ts';

export const keyHeader = 'idempotency-key';
const keyPattern = /^[\w.:-]{8,128}$/;
/** Answers remembered, for how long, and their size; older ones are forgotten first, and then a request is done again. */
export const rememberedBounds = { answers: 2_000, lifeMs: 86_400_000, bytes: 64 * 1024 } as const;

interface Remembered {
  /** SHA-256 of what was asked. */
  readonly asked: string;
  readonly at: number;
  /** Undefined while it is at work. */
  done: { readonly answer: unknown } | undefined;
}

/**
 * Answers by caller and key, in memory: secrets that are shown once must not be on a disk. After a restart of the
 * collector a key is new again.
 */
export class RememberedAnswers {
  readonly #answers = new Map<string, Remembered>();

  /**
   * Does what is asked, or gives what it came to before. Rejects with `api.invalid` when the key stands for something
   * else, and with `api.conflict` while the first request is at work. What fails is not remembered.
   */
  async once(
    request: FastifyRequest,
    caller: Credential,
    act: () => Promise<unknown>,
  ): Promise<{ readonly answer: unknown; readonly isRepeat: boolean }> {
    const key = request.headers[keyHeader];
    if (key === undefined) return { answer: await act(), isRepeat: false };
    if (typeof key !== 'string' || !keyPattern.test(key))
      throw new VedetteError(
        'api.invalid',
        'Idempotency-Key is 8 to 128 letters, digits, ".", ":", "_" or "-".',
      );
    this.#forget();
    const place = `${caller.id} ${key}`;
    const asked = hashOf(request);
    const known = this.#answers.get(place);
    if (known !== undefined) {
      if (known.asked !== asked)
        throw new VedetteError('api.invalid', 'This Idempotency-Key was used for another request.');
      if (known.done === undefined)
        throw new VedetteError('api.conflict', 'The first request with this Idempotency-Key is at work.');
      return { ...known.done, isRepeat: true };
    }
    const entry: Remembered = { asked, at: performance.now(), done: undefined };
    this.#answers.set(place, entry);
    try {
      const answer = await act();
      if (JSON.stringify(answer ?? null).length > rememberedBounds.bytes) this.#answers.delete(place);
      else entry.done = { answer };
      return { answer, isRepeat: false };
    } catch (error) {
      this.#answers.delete(place);
      throw error;
    }
  }

  #forget(): void {
    const before = performance.now() - rememberedBounds.lifeMs;
    for (const [place, { at, done }] of this.#answers) {
      if (this.#answers.size < rememberedBounds.answers && at >= before) return;
      if (done !== undefined) this.#answers.delete(place);
    }
  }
}

function hashOf({ method, url, body }: FastifyRequest): string {
  const hash = createHash('sha256').update(`${method} ${url}\n`);
  return hash.update(body instanceof Uint8Array ? body : JSON.stringify(body ?? null)).digest('hex');
}
