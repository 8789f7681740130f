import { existsSync } from 'node:fs';
import { checkArguments } from '#shared/commands/arguments.ts';
import { commandIdPattern, maxLifeMs, maxUnsettled, type ResultStatus } from '#shared/commands/spec.ts';
import { type ErrorCode, VedetteError } from '#shared/errors.ts';
import type { AgentFrame, CollectorFrame } from '#shared/protocol/frames.ts';
import { CollectorClock } from './collector-clock.ts';
import { type Ending, endingOf } from './ending.ts';
import type { CommandHost, CommandKind, SendPart } from './kind.ts';
import { CommandLedger, type ResultFrame } from './ledger.ts';

export type CommandFrame = CollectorFrame & { readonly kind: 'command' };
type PartFrame = AgentFrame & { readonly kind: 'part' };
/** Resolves when the frame has left; rejects when the connection is gone. */
export type SendPartFrame = (frame: PartFrame) => Promise<void>;

export interface CommandRunnerOptions {
  /** File of the ledger; made with the first command. */
  readonly path: string;
  readonly kinds: Readonly<Record<string, CommandKind>>;
  /** Resolves once the agent is up. */
  readonly host: Promise<CommandHost>;
  /** A command began, or ended in the way told; or the ledger cannot be used. */
  readonly log: (event: CommandLogEvent) => void;
}

export type CommandLogEvent =
  | {
      readonly what: 'command';
      readonly id: string;
      readonly name: string;
      readonly state: 'begun' | ResultStatus;
      readonly code: string;
    }
  | { readonly what: 'problem'; readonly code: ErrorCode; readonly detail: string };

/** Commands that wait for the one that runs; more are refused. */
const maxWaiting = 32;
/** Longest detail of a result, in UTF-16 units. */
const maxDetail = 1024;
const none = new Uint8Array(0);

/**
 * Takes the collector's commands and runs each at most once, one after the other but for those that run aside. A command is in the ledger before
 * it runs; one that comes again is answered with what became of it, and one that had begun when the agent ended is
 * `interrupted`. Results are sent until the collector settles them.
 */
export class CommandRunner {
  readonly #o: CommandRunnerOptions;
  readonly #clock = new CollectorClock();
  readonly #stopping = new AbortController();
  readonly #waiting = new Map<string, CommandFrame>();
  /** Results sent over this connection and not settled. */
  readonly #sent = new Set<string>();
  #send: ((frame: ResultFrame) => void) | undefined;
  #sendPart: SendPartFrame | undefined;
  /** What runs now, by id, and how to give it up. */
  readonly #running = new Map<string, AbortController>();
  #ledger: CommandLedger | undefined;
  #isRunning = false;

  constructor(options: CommandRunnerOptions) {
    this.#o = options;
  }

  /** The collector told its time. */
  noteTime(timeUs: number): void {
    this.#clock.note(timeUs);
  }

  /** A collector that takes results is there, and has told its time. Sends what it does not have yet. */
  connected(send: (frame: ResultFrame) => void, sendPart?: SendPartFrame): void {
    this.#send = send;
    this.#sendPart = sendPart;
    this.#sent.clear();
    this.#try(() => {
      if (this.#ledger !== undefined || existsSync(this.#o.path)) this.#open();
      this.#sendMore();
    });
  }

  disconnected(): void {
    this.#send = undefined;
    this.#sendPart = undefined;
  }

  receive(frame: CommandFrame): void {
    // Without its ledger the agent cannot tell whether a command ran, so it does not run.
    const problem = this.#try(() => this.#take(frame));
    if (problem !== undefined) this.#refuse(frame, problem);
  }

  /** Nobody wants this command's result any more: it is given up if it runs, and does not begin if it waits. */
  cancel(id: string): void {
    const running = this.#running.get(id);
    running?.abort();
    const frame = this.#waiting.get(id);
    if (frame === undefined || running !== undefined) return;
    this.#waiting.delete(id);
    const detail = 'It was given up before it began.';
    this.#end(id, frame.name, frame.expiresAt, { status: 'refused', code: 'command.canceled', detail });
  }

  settled(id: string): void {
    this.#sent.delete(id);
    this.#try(() => {
      this.#ledger?.settle(id);
      this.#sendMore();
    });
  }

  /** What runs is left; the next start says that it was interrupted. */
  close(): void {
    this.#stopping.abort();
    this.#send = undefined;
    this.#waiting.clear();
    this.#ledger?.close();
    this.#ledger = undefined;
  }

  #take(frame: CommandFrame): void {
    const { id, name, issuedAt, expiresAt } = frame;
    const ledger = this.#open();
    const now = this.#clock.now() ?? issuedAt;
    const known = ledger.get(id);
    if (known === 'begun' || this.#waiting.has(id)) return;
    if (known !== undefined) {
      this.#send?.(known);
      return;
    }
    if (!ledger.hasRoom(now) || this.#waiting.size >= maxWaiting) {
      this.#refuse(frame, new VedetteError('command.busy', 'Too many commands wait here.'));
      return;
    }
    const refusal = this.#refusalOf(frame, now, ledger);
    if (refusal !== undefined) this.#end(id, name, expiresAt, refusal);
    else {
      this.#waiting.set(id, frame);
      void this.#runAll();
    }
  }

  #refusalOf(frame: CommandFrame, now: number, ledger: CommandLedger): Ending | undefined {
    const { id, name, issuedAt, expiresAt } = frame;
    const { forgottenUntil, unknownBefore } = ledger.marks;
    const lifeUs = expiresAt - issuedAt;
    if (!commandIdPattern.test(id) || lifeUs <= 0 || lifeUs > maxLifeMs * 1000)
      return { status: 'refused', code: 'command.invalid', detail: 'Its id or its instants are impossible.' };
    if (expiresAt <= now || expiresAt <= forgottenUntil)
      return { status: 'expired', code: 'command.expired', detail: 'It came after its expiry.' };
    if (issuedAt < unknownBefore)
      return { status: 'interrupted', code: 'command.ledger_damaged', detail: 'It may have run before.' };
    const kind = this.#kind(name);
    if (kind === undefined)
      return {
        status: 'unknown-kind',
        code: 'command.unknown_kind',
        detail: `There is no ${name.slice(0, 64)}.`,
      };
    const args = checkArguments(kind.spec, frame.arguments);
    return args.ok ? undefined : { status: 'refused', code: args.error.code, detail: args.error.detail };
  }

  #kind(name: string): CommandKind | undefined {
    return Object.hasOwn(this.#o.kinds, name) ? this.#o.kinds[name] : undefined;
  }

  async #runAll(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    const host = await this.#o.host;
    for (const [id, frame] of this.#waiting) {
      const running = this.#runOne(frame, host);
      // In the ledger by now, so that it is known if it comes again.
      if (this.#kind(frame.name)?.isAside !== true) await running;
      if (this.#stopping.signal.aborted) return;
      this.#waiting.delete(id);
    }
    this.#isRunning = false;
  }

  async #runOne(frame: CommandFrame, host: CommandHost): Promise<void> {
    const problem = await this.#run(frame, host).catch(asCoded);
    if (problem !== undefined && !this.#stopping.signal.aborted) this.#refuse(frame, problem);
  }

  async #run(frame: CommandFrame, host: CommandHost): Promise<void> {
    const { id, name, expiresAt } = frame;
    const kind = this.#kind(name) as CommandKind;
    if (expiresAt <= (this.#clock.now() ?? 0)) {
      const detail = 'It waited here beyond its expiry.';
      this.#end(id, name, expiresAt, { status: 'expired', code: 'command.expired', detail });
      return;
    }
    this.#open().begin(id, expiresAt);
    this.#o.log({ what: 'command', id, name, state: 'begun', code: '' });
    const giveUp = new AbortController();
    this.#running.set(id, giveUp);
    const unwanted = AbortSignal.any([this.#stopping.signal, giveUp.signal]);
    const ending = await endingOf(kind, frame.arguments, host, unwanted, this.#partsOf(id));
    this.#running.delete(id);
    if (this.#stopping.signal.aborted) return;
    this.#end(id, name, expiresAt, ending);
  }

  /** Parts go over the connection that was there when the command began, in their order, or not at all. */
  #partsOf(id: string): SendPart | undefined {
    const send = this.#sendPart;
    let index = 0;
    return send && ((data) => send({ kind: 'part', id, index: index++, data }));
  }

  #end(id: string, name: string, expiresAt: number, ending: Ending): void {
    const { status, code = '', detail = '', output = none, cut = 0 } = ending;
    this.#o.log({ what: 'command', id, name, state: status, code });
    const result = {
      kind: 'result',
      id,
      status,
      code,
      detail: detail.slice(0, maxDetail),
      output,
      cut,
    } as const;
    // What was done is told even where it cannot be kept; the ledger still says that it had begun.
    if (this.#try(() => this.#open().answer(result, expiresAt)) !== undefined) this.#send?.(result);
    else this.#sendMore();
  }

  /** Answers without a trace in the ledger: the command may come again and be looked at anew. */
  #refuse({ id, name }: CommandFrame, { code, detail }: VedetteError): void {
    const status = 'refused';
    this.#o.log({ what: 'command', id, name, state: status, code });
    this.#send?.({
      kind: 'result',
      id,
      status,
      code,
      detail: detail.slice(0, maxDetail),
      output: none,
      cut: 0,
    });
  }

  #sendMore(): void {
    const send = this.#send;
    if (send === undefined || this.#ledger === undefined) return;
    for (const result of this.#ledger.unsettled(maxUnsettled)) {
      if (this.#sent.size >= maxUnsettled) return;
      if (this.#sent.has(result.id)) continue;
      this.#sent.add(result.id);
      send(result);
    }
  }

  #open(): CommandLedger {
    if (this.#ledger !== undefined) return this.#ledger;
    if (this.#stopping.signal.aborted) throw new VedetteError('wire.shutdown', 'The agent is stopping.');
    const ledger = CommandLedger.open(this.#o.path);
    this.#ledger = ledger;
    if (ledger.wasDamaged) {
      ledger.setUnknownBefore(this.#clock.now() ?? 0);
      const detail = 'It was set aside; what was issued before now does not run.';
      this.#o.log({ what: 'problem', code: 'command.ledger_damaged', detail });
    }
    for (const { id, expiresAt } of ledger.begun()) {
      const detail = 'The agent ended while it ran.';
      this.#end(id, '', expiresAt, { status: 'interrupted', code: 'command.interrupted', detail });
    }
    return ledger;
  }

  /** Tells and gives the error the disk or SQLite threw: events must go on whatever becomes of commands. */
  #try(act: () => void): VedetteError | undefined {
    try {
      act();
      return undefined;
    } catch (error) {
      const problem = asCoded(error as Error);
      this.#o.log({ what: 'problem', code: problem.code, detail: problem.detail });
      return problem;
    }
  }
}

function asCoded(error: Error): VedetteError {
  if (error instanceof VedetteError) return error;
  return new VedetteError('data.unreadable', `commands: ${error.message}.`, { cause: error });
}
