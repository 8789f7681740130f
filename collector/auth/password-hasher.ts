/** Passwords are kept as Argon2id (RFC 9106), computed off the main thread. */
import { hash, parseOptions, verify } from '@node-rs/argon2';
import { Throttled } from './throttled.ts';

/**
 * OWASP Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 lane is the least it recommends, as strong as the ones with
 * more memory and fewer passes; with two at once a flood of sign-ins takes 38 MiB.
 */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** Half of the threads of libuv's pool, which files and names are waited for on too. */
const atOnce = 2;
/** Beyond it a sign-in is refused at once: about a second of work. */
const maxWaiting = 32;
const busyMs = 2_000;

export class PasswordHasher {
  /** Refused because too many waited, since the start. */
  readonly counters = { shed: 0 };
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  #dummy: Promise<string> | undefined;

  /** PHC text. Rejects with `Throttled` when too many wait. */
  hash(password: string): Promise<string> {
    return this.#inTurn(() => hash(normal(password), cost));
  }

  /** Against nothing it takes as long and is false. Rejects with `Throttled` when too many wait. */
  verify(kept: string | null, password: string): Promise<boolean> {
    return this.#inTurn(async () => {
      this.#dummy ??= hash('of nobody', cost);
      const isRight = await verify(kept ?? (await this.#dummy), normal(password));
      return isRight && kept !== null;
    });
  }

  /** Whether it was made with other parameters than those of today. */
  isStale(kept: string): boolean {
    const { memoryCost, timeCost, parallelism } = parseOptions(kept);
    return memoryCost !== cost.memoryCost || timeCost !== cost.timeCost || parallelism !== cost.parallelism;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= atOnce) {
      if (this.#waiting.length >= maxWaiting) {
        this.counters.shed++;
        throw new Throttled('Too many are signing in.', busyMs);
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}

/** NIST SP 800-63B, 3.1.1.2: the same characters, however a keyboard composes them. */
const normal = (password: string) => password.normalize('NFKC');
