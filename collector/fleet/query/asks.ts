import { randomBytes } from 'node:crypto';
import { nowUs } from '#shared/clock.ts';
import type { Arguments } from '#shared/commands/spec.ts';
import { fail, ok, type Result } from '#shared/errors.ts';
import type { CommandLink, PartFrame, ResultFrame } from '../../ingest/command-channel.ts';
import type { CommandResult } from '../../store/contract.ts';
import { resultFrom } from '../command-result.ts';

/** Who asked. Called in the order in which the host answered; nothing after `ended`. */
export interface Asker {
  part(index: number, data: Uint8Array): void;
  /** The host's result; undefined when its connection ended first. */
  ended(result: CommandResult | undefined): void;
}

interface Asked {
  readonly link: CommandLink;
  readonly asker: Asker;
}

/**
 * Commands whose answers somebody waits for now. Unlike those of `Commands` they are nowhere but in memory: they go to
 * hosts that are connected, over that connection, and end with it. At most once holds all the same, since agents see
 * no difference. Whoever asks records it in the audit log.
 */
export class Asks {
  readonly #links = new Map<string, CommandLink>();
  readonly #asked = new Map<string, Asked>();
  /** Parts that nobody waits for, since the start: of answers that were canceled or given up. */
  strayParts = 0;

  opened(link: CommandLink): void {
    this.#links.set(link.hostId, link);
  }

  closed(link: CommandLink): void {
    // A newer connection of the same host may have taken its place.
    if (this.#links.get(link.hostId) === link) this.#links.delete(link.hostId);
    for (const [id, asked] of this.#asked) if (asked.link === link) this.#end(id, asked, undefined);
  }

  /** Sends the command; gives its id. `query.host_away` or `command.unsupported` when there is nobody to. */
  ask(hostId: string, name: string, args: Arguments, lifeMs: number, asker: Asker): Result<string> {
    const link = this.#links.get(hostId);
    if (link === undefined) return fail('query.host_away', `${hostId} is not connected.`);
    if (!link.features.includes('commands'))
      return fail('command.unsupported', `The agent of ${hostId} takes no commands.`);
    const id = randomBytes(8).toString('hex');
    const issuedAt = nowUs();
    this.#asked.set(id, { link, asker });
    link.send({ kind: 'command', id, name, arguments: args, issuedAt, expiresAt: issuedAt + lifeMs * 1000 });
    return ok(id);
  }

  /** Nobody waits for the answer any more; the host is told where it understands. */
  cancel(id: string): void {
    const asked = this.#asked.get(id);
    if (!this.#asked.delete(id) || asked === undefined) return;
    if (asked.link.features.includes('parts')) asked.link.send({ kind: 'cancel', id });
  }

  part(link: CommandLink, { id, index, data }: PartFrame): void {
    const asked = this.#asked.get(id);
    if (asked?.link === link) asked.asker.part(index, data);
    else this.strayParts++;
  }

  /** Whether the result was one of these. */
  result(link: CommandLink, frame: ResultFrame): boolean {
    const asked = this.#asked.get(frame.id);
    if (asked?.link !== link) return false;
    link.send({ kind: 'settled', id: frame.id });
    this.#end(frame.id, asked, resultFrom(frame));
    return true;
  }

  #end(id: string, { asker }: Asked, result: CommandResult | undefined): void {
    this.#asked.delete(id);
    asker.ended(result);
  }
}
