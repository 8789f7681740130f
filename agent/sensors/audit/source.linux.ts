import { accessSync, constants, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { FileFollower } from '../linux/file-follower.ts';
import { type FilePosition, positionIn } from '../linux/open-log.ts';
import type { Positions } from '../linux/positions.ts';
import { linesOf, type OnLine } from '../linux/takes.ts';
import { Throttle } from '../log/throttle.ts';
import type { Settings } from '../options.ts';

/** Longest record: MAX_AUDIT_MESSAGE_LENGTH of libaudit.h is 8970, and auditd adds names when it enriches. */
const maxRecordBytes = 16 * 1024;
/** Bytes that may wait in the file while its records come faster than they may be told. */
const maxLagBytes = 64 * 1024 * 1024;
const chunkBytes = 64 * 1024;
const lineEnd = 0x0a;

export interface AuditTaker {
  readonly onLine: OnLine;
  /** Where the first line stands that is not worked off; undefined when all are. The next run begins there. */
  readonly waitingFrom: () => number | undefined;
}

/** Where the audit daemon gives its records: its file, or the socket of its dispatcher where it writes none. */
export class AuditSource {
  readonly #filePath: string;
  readonly #socketPath: string;
  readonly #throttle: Throttle;
  readonly #onLine: OnLine;
  readonly #waitingFrom: AuditTaker['waitingFrom'];
  readonly #positions: Positions | undefined;
  #follower: FileFollower | undefined;
  #untrack: () => void = () => {};
  #socket: Socket | undefined;
  readonly #take: ReturnType<typeof linesOf>;
  #skippedBefore = 0;

  constructor(settings: Settings, positions: Positions | undefined, taker: AuditTaker) {
    this.#filePath = join(settings.varRoot, 'log/audit/audit.log');
    this.#socketPath = join(settings.runRoot, 'audispd_events');
    this.#throttle = new Throttle(settings.auditRecordsPerSecond);
    this.#positions = positions;
    this.#waitingFrom = taker.waitingFrom;
    this.#onLine = (line, offset, cut) => {
      this.#throttle.take();
      taker.onLine(line, offset, cut);
    };
    const ready = () => this.#throttle.ready();
    this.#take = linesOf(this.#onLine, { mayTake: ready, maxBytes: maxRecordBytes });
  }

  /** Why neither can be read; undefined when one can. */
  reason(): string | undefined {
    if (isReadable(this.#filePath) || isSocket(this.#socketPath)) return undefined;
    return `neither ${this.#filePath} nor ${this.#socketPath} can be read: is auditd running, and has this agent the right?`;
  }

  /** `audit.log`, `socket`, or undefined before the first poll and while there is neither. */
  get name(): string | undefined {
    if (this.#follower?.present === true) return 'audit.log';
    return this.#socket === undefined ? undefined : 'socket';
  }

  get gaps(): number {
    return this.#follower?.gaps ?? 0;
  }

  /** Reads what has come, and gives the number of records passed over. */
  poll(): number {
    if (this.#socket === undefined && isReadable(this.#filePath)) this.#follow();
    if (this.#follower === undefined && this.#socket === undefined && isSocket(this.#socketPath))
      this.#connect();
    this.#follower?.poll(this.#take, () => this.#throttle.ready());
    if (this.#throttle.ready()) this.#socket?.resume();
    const skipped = this.#follower?.skippedLines ?? 0;
    const lost = skipped - this.#skippedBefore;
    this.#skippedBefore = skipped;
    return lost;
  }

  close(): void {
    this.#untrack();
    this.#follower?.close();
    this.#follower = undefined;
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #follow(): void {
    if (this.#follower !== undefined) return;
    const name = `file:${this.#filePath}`;
    const resume = positionIn(this.#positions?.storedOf(name));
    const follower = new FileFollower(this.#filePath, { resume, maxLagBytes });
    this.#untrack = this.#positions?.track(name, () => this.#positionOf(follower)) ?? (() => {});
    this.#follower = follower;
  }

  #positionOf({ position }: FileFollower): FilePosition | undefined {
    const from = this.#waitingFrom();
    return position === undefined || from === undefined || from > position.offset
      ? position
      : { ...position, offset: from };
  }

  /** The daemon waits, then drops, while nobody reads: it says so in its own log. */
  #connect(): void {
    const socket = connect({ path: this.#socketPath });
    this.#socket = socket;
    const ended = () => {
      if (this.#socket === socket) this.#socket = undefined;
      socket.destroy();
    };
    socket.once('error', ended);
    socket.once('close', ended);
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let from = 0;
      for (let end = data.indexOf(lineEnd); end >= 0; end = data.indexOf(lineEnd, from)) {
        const most = Math.min(end, from + maxRecordBytes);
        this.#onLine(data.toString('utf8', from, most), 0, most < end);
        from = end + 1;
      }
      rest = data.length - from > chunkBytes ? Buffer.alloc(0) : Buffer.from(data.subarray(from));
      if (!this.#throttle.ready()) socket.pause();
    });
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isSocket(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return statSync(path).isSocket();
  } catch {
    return false;
  }
}
