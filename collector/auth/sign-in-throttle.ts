/**
 * How often one may guess. Tries are counted for the user from one network, for the network, and for the user from
 * anywhere. A browser that the user signed in with before has its own allowance and none of the others holds for it:
 * somebody elsewhere can make a stranger wait, but not lock the user out.
 */
import ipaddr from 'ipaddr.js';
import { FailureBook } from './failure-book.ts';
import { Throttled } from './throttled.ts';

const minuteMs = 60_000;
const forgetMs = 60 * minuteMs;
const usual = { firstWaitMs: 1000, maxWaitMs: 15 * minuteMs, forgetMs, maxKeys: 20_000 };

export interface Attempt {
  /** In lower case, known or not; undefined for a sign-in link, whose guesser names none. */
  readonly user: string | undefined;
  readonly address: string;
  /** Id of the device, where it belongs to this user. */
  readonly device: string | undefined;
}

/** An IPv4 address, or the /64 of an IPv6 address: what one subscriber has at least (RFC 6177). */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString();
}

export class SignInThrottle {
  readonly #userAndNetwork = new FailureBook({ ...usual, free: 5 });
  readonly #network = new FailureBook({ ...usual, free: 20 });
  /** Guesses from many networks. The wait is short, for a new browser of the user waits with the guessers. */
  readonly #user = new FailureBook({ ...usual, free: 100, maxWaitMs: minuteMs });
  readonly #device = new FailureBook({ ...usual, free: 10 });
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  get counters() {
    const books = [this.#userAndNetwork, this.#network, this.#user, this.#device];
    const sum = (of: (book: FailureBook) => number) => books.reduce((n, book) => n + of(book), 0);
    return { refused: sum((b) => b.counters.refused), forgotten: sum((b) => b.counters.forgotten) };
  }

  /** Counts a try. Throws `Throttled`. */
  begin(attempt: Attempt): void {
    const now = this.#now();
    const keys = this.#keys(attempt);
    for (const [book, key] of keys) {
      const allowance = book.look(key, now);
      if (allowance.isAllowed) continue;
      throw new Throttled('Too many tries to sign in.', allowance.waitMs, allowance.isFirst);
    }
    for (const [book, key] of keys) book.begin(key, now);
  }

  /** It was no guess: it does not count. */
  takeBack(attempt: Attempt): void {
    for (const [book, key] of this.#keys(attempt)) book.takeBack(key);
  }

  /** What was counted for this user here is forgotten; what the network did with others is not. */
  succeeded(attempt: Attempt): void {
    this.takeBack(attempt);
    this.#userAndNetwork.clear(`${attempt.user} ${networkOf(attempt.address)}`);
    if (attempt.device !== undefined) this.#device.clear(attempt.device);
  }

  #keys({ user, address, device }: Attempt): readonly (readonly [FailureBook, string])[] {
    if (device !== undefined) return [[this.#device, device]];
    const network = networkOf(address);
    if (user === undefined) return [[this.#network, network]];
    return [
      [this.#userAndNetwork, `${user} ${network}`],
      [this.#network, network],
      [this.#user, user],
    ];
  }
}
