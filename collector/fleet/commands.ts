import { randomBytes } from 'node:crypto';
import { nowUs } from '#shared/clock.ts';
import { checkArguments } from '#shared/commands/arguments.ts';
import { commandSpec } from '#shared/commands/registry.ts';
import { commandIdPattern, maxLifeMs } from '#shared/commands/spec.ts';
import { fail, ok, type Result } from '#shared/errors.ts';
import type { CommandChannel, CommandLink, ResultFrame } from '../ingest/command-channel.ts';
import type { Command, CommandOrder, CommandStore, NewAuditEntry, NewCommand } from '../store/contract.ts';
import { resultFrom } from './command-result.ts';

/** Most commands of one host that are not answered. */
export const maxOpenCommands = 32;
/** Beyond a command's expiry and its time to run, for its answer to arrive. */
const answerGraceMs = 30_000;
/** Ended commands are kept this long; the audit log goes on telling of them. */
const keepMs = 30 * 86_400_000;
/** Commands ended or removed in one look. */
const lookRows = 200;
const pruneEveryMs = 3_600_000;

export interface CommandsOptions {
  readonly store: CommandStore;
  readonly hostExists: (hostId: string) => Promise<boolean>;
  /** A command was made or changed. */
  readonly changed: (command: Command) => void;
  readonly log: (level: 'info' | 'warn', what: string, detail: Readonly<Record<string, unknown>>) => void;
}

/**
 * Commands to hosts: kept, sent over the host's connection, sent again over each later one until the host has answered
 * or they expire. Sending twice is safe, because agents run a command once. Every step is in the audit log with the
 * change it tells of.
 */
export class Commands implements Omit<CommandChannel, 'part' | 'rules'> {
  readonly #o: CommandsOptions;
  readonly #links = new Map<string, CommandLink>();
  /** Connections that answered for another host: told once each. */
  readonly #forgers = new WeakSet<CommandLink>();
  #prunedAt = 0;
  /** Results of commands that are not of the host that sent them, or are answered; since the start. */
  strayResults = 0;

  constructor(options: CommandsOptions) {
    this.#o = options;
  }

  /** Keeps a command and sends it if its host is connected; `command.*` when it is refused. */
  async give(order: CommandOrder): Promise<Result<Command>> {
    const { hostId, name, by } = order;
    const spec = commandSpec(name);
    if (spec === undefined) return fail('command.invalid', `There is no command ${name.slice(0, 64)}.`);
    const args = checkArguments(spec, order.arguments);
    if (!args.ok) return args;
    if (!(await this.#o.hostExists(hostId))) return fail('api.not_found', `There is no host ${hostId}.`);
    const link = this.#links.get(hostId);
    if (link !== undefined && !takesCommands(link))
      return fail('command.unsupported', `The agent of ${hostId} takes no commands.`);
    const issuedAt = nowUs();
    const command: NewCommand = {
      id: randomBytes(8).toString('hex'),
      hostId,
      name,
      arguments: args.value,
      issuedAt,
      issuedBy: by,
      expiresAt: issuedAt + Math.min(order.lifeMs, maxLifeMs) * 1000,
    };
    const entry = entryOf(command, issuedAt, 'command.make', by, { arguments: JSON.stringify(args.value) });
    if (!(await this.#o.store.add(command, maxOpenCommands, entry)))
      return fail('command.busy', `${hostId} has ${maxOpenCommands} commands open.`);
    await this.#send(command);
    const made = (await this.#o.store.get(command.id)) as Command;
    this.#o.changed(made);
    return ok(made);
  }

  async opened(link: CommandLink): Promise<void> {
    this.#links.set(link.hostId, link);
    if (!takesCommands(link)) return;
    for (const command of await this.#o.store.open(link.hostId, nowUs())) await this.#send(command);
  }

  closed(link: CommandLink): void {
    // A newer connection of the same host may have taken its place.
    if (this.#links.get(link.hostId) === link) this.#links.delete(link.hostId);
  }

  async result(link: CommandLink, frame: ResultFrame): Promise<void> {
    const { id } = frame;
    const command = commandIdPattern.test(id) ? await this.#o.store.get(id) : undefined;
    const result = resultFrom(frame);
    const { status, code } = result;
    const at = nowUs();
    const answered =
      command &&
      (await this.#o.store.answer(
        id,
        link.hostId,
        result,
        at,
        entryOf(command, at, 'command.answer', `host ${link.hostId}`, { status, code }),
      ));
    if (answered === undefined) this.#stray(link, command);
    else {
      this.#o.log('info', 'command answered', { command: id, host: link.hostId, status, code });
      this.#o.changed(answered);
    }
    // Also what is not ours to keep: or it would be sent for ever.
    link.send({ kind: 'settled', id });
  }

  /** Ends what nobody answered in time, and removes what is old. To be called every second or so. */
  async look(now = nowUs()): Promise<void> {
    for (const command of await this.#o.store.due(now, now - answerGraceMs * 1000, lookRows)) {
      const spec = commandSpec(command.name);
      const graceUs = (answerGraceMs + (spec?.timeoutMs ?? 0)) * 1000;
      if (command.state === 'sent' && command.expiresAt + graceUs > now) continue;
      const detail =
        command.state === 'sent'
          ? 'It was sent, and nobody answered; it may have run.'
          : 'The host was not there to take it.';
      const entry = entryOf(command, now, 'command.expire', 'collector', { detail });
      const ended = await this.#o.store.expire(command.id, detail, entry);
      if (ended === undefined) continue;
      this.#o.log('warn', 'command expired', { command: ended.id, host: ended.hostId, name: ended.name });
      this.#o.changed(ended);
    }
    if (now - this.#prunedAt < pruneEveryMs * 1000) return;
    this.#prunedAt = now;
    while ((await this.#o.store.prune(now - keepMs * 1000, lookRows)) === lookRows);
  }

  #stray(link: CommandLink, command: Command | undefined): void {
    this.strayResults++;
    if (command === undefined || command.hostId === link.hostId || this.#forgers.has(link)) return;
    this.#forgers.add(link);
    const { id, hostId } = command;
    this.#o.log('warn', 'an agent answered a command of another host', {
      host: link.hostId,
      command: id,
      of: hostId,
    });
  }

  async #send(command: NewCommand): Promise<void> {
    const { id, hostId, name, issuedAt, expiresAt } = command;
    const link = this.#links.get(hostId);
    if (link === undefined || !takesCommands(link)) return;
    const entry = entryOf(command, nowUs(), 'command.send', 'collector', {});
    const sent = await this.#o.store.sent(id, nowUs(), entry);
    if (sent === undefined) return;
    link.send({ kind: 'command', id, name, arguments: command.arguments, issuedAt, expiresAt });
    this.#o.changed(sent);
  }
}

function takesCommands(link: CommandLink): boolean {
  return link.features.includes('commands');
}

function entryOf(
  { id, hostId, name }: Pick<NewCommand, 'id' | 'hostId' | 'name'>,
  at: number,
  action: string,
  actor: string,
  detail: NewAuditEntry['detail'],
): NewAuditEntry {
  return { at, actor, action, target: `host ${hostId}`, detail: { command: id, name, ...detail } };
}
