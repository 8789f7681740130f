import { VedetteError } from '#shared/errors.ts';
import type { AgentSession } from './session.ts';

/** Most connections of one host at once, those included that have not said hello. */
const maxPerHost = 4;

/**
 * Which of several connections under one identity is served. A newer one takes over from an older one that is gone or
 * of the same process, as an agent does that connects again. When the older one is alive and of another process, the
 * newer one is a clone and is refused. Agents that do not name their process always take over.
 */
export class Admission {
  readonly #probeMs: number;
  readonly #served = new Map<string, AgentSession>();
  readonly #present = new Map<string, Set<AgentSession>>();
  /** Decisions about one host are taken one after another. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(probeMs: number) {
    this.#probeMs = probeMs;
  }

  /** The connection of the host that is served. */
  servedOf(hostId: string): AgentSession | undefined {
    return this.#served.get(hostId);
  }

  /** Takes note of a new connection; why it may not stay, when its host has too many already. */
  enter(session: AgentSession): VedetteError | undefined {
    const present = this.#present.get(session.hostId) ?? new Set();
    this.#present.set(session.hostId, present);
    if (present.size >= maxPerHost)
      return new VedetteError('wire.busy', `The host has ${maxPerHost} connections already.`);
    present.add(session);
    return undefined;
  }

  leave(session: AgentSession): void {
    const { hostId } = session;
    const present = this.#present.get(hostId);
    present?.delete(session);
    if (present?.size === 0) this.#present.delete(hostId);
    if (this.#served.get(hostId) === session) this.#served.delete(hostId);
  }

  /** Why the session may not be served; undefined when it may, and from then on it is the one. */
  async admit(session: AgentSession): Promise<VedetteError | undefined> {
    const { hostId } = session;
    const before = this.#turns.get(hostId) ?? Promise.resolve();
    const turn = before.then(() => this.#decide(session));
    this.#turns.set(hostId, turn);
    const refusal = await turn;
    if (this.#turns.get(hostId) === turn) this.#turns.delete(hostId);
    return refusal;
  }

  async #decide(session: AgentSession): Promise<VedetteError | undefined> {
    const { hostId, run } = session;
    const other = this.#served.get(hostId);
    if (other !== undefined) {
      const mayBeClone = run !== undefined && other.run !== undefined && other.run !== run;
      if (mayBeClone && (await other.answers(this.#probeMs)))
        return new VedetteError(
          'identity.cloned',
          `Host ${hostId} is connected from ${other.from} and alive; another came from ${session.from}.`,
        );
      other.end(new VedetteError('wire.replaced', 'A newer connection took over.'));
    }
    // It may have ended while the other one was asked.
    if (this.#present.get(hostId)?.has(session) === true) this.#served.set(hostId, session);
    return undefined;
  }
}
