import { createSocket } from 'node:dgram';
import { endianness } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { linkTypes } from '../decode/link-layer.ts';
import type { NativeBinding, NativeSession } from './binding.ts';
import { wakePort } from './filter.ts';
import type { TakeFrame } from './frame.ts';

export interface LiveCaptureOptions {
  readonly binding: NativeBinding;
  readonly device: string;
  readonly filter: string;
  readonly ringBytes: number;
  readonly snapBytes: number;
}

export interface CaptureStats {
  /** Packets given to `take` so far. */
  readonly taken: number;
  /** Packets that passed the filter and found the ring full, or were skipped for want of time. */
  readonly dropped: number;
}

/** The kernel hands over what it has after this time, were it but one packet. */
const blockMs = 100;
/** Packets between two looks at the clock. */
const framesPerCheck = 128;
/** Skipping what is in a ring takes less. */
const minSkipMs = 100;
/** Waits for a closed session to let go, each with a packet to wake it. */
const closeTries = 20;
const linkTypeByName: Readonly<Record<string, number>> = {
  LINKTYPE_NULL: linkTypes.null,
  LINKTYPE_ETHERNET: linkTypes.ethernet,
  LINKTYPE_RAW: linkTypes.raw,
  LINKTYPE_LINUX_SLL: linkTypes.linuxCooked,
  [`Unknown linktype ${linkTypes.linuxCooked2}`]: linkTypes.linuxCooked2,
  [`Unknown linktype ${linkTypes.loop}`]: linkTypes.loop,
};

const readU32: (bytes: Buffer, at: number) => number =
  endianness() === 'LE' ? (bytes, at) => bytes.readUInt32LE(at) : (bytes, at) => bytes.readUInt32BE(at);

/** A capture on one device, read when asked: between two calls of `drain` packets wait in the kernel's ring. */
export class LiveCapture {
  readonly device: string;
  readonly #session: NativeSession;
  readonly #frame: Buffer;
  readonly #header = Buffer.alloc(16);
  readonly #linkType: number;
  #take: TakeFrame | undefined;
  #frames = 0;
  #taken = 0;
  #skipped = 0;
  #untilMs = 0;
  #skipUntilMs = 0;
  #isOver = false;
  #kernelDropped = 0;

  private constructor(session: NativeSession, options: LiveCaptureOptions) {
    const { device, filter, ringBytes, snapBytes } = options;
    this.#session = session;
    this.device = device;
    this.#frame = Buffer.allocUnsafeSlow(snapBytes);
    const name = session.open_live(
      device,
      filter,
      ringBytes,
      snapBytes,
      '',
      this.#onFrame,
      false,
      blockMs,
      () => {},
      false,
    );
    this.#linkType = linkTypeByName[name] ?? -1;
  }

  /** The capture, or why the device cannot be captured on. */
  static async open(options: LiveCaptureOptions): Promise<LiveCapture | string> {
    if (unreleased.size >= maxUnreleased && releaseAgain() >= maxUnreleased) {
      return `${unreleased.size} earlier captures have not let go of their memory yet`;
    }
    const session = new options.binding.PcapSession();
    try {
      const capture = new LiveCapture(session, options);
      if (capture.#linkType !== -1) return capture;
      await capture.close();
      return `frames of ${options.device} are of a kind that is not understood`;
    } catch (error) {
      if (isOpen(session)) await release(session);
      return `capture on ${options.device} failed: ${(error as Error).message}`;
    }
  }

  get stats(): CaptureStats {
    if (!this.#isOver) this.#kernelDropped = this.#session.stats().ps_drop;
    return { taken: this.#taken, dropped: this.#kernelDropped + this.#skipped };
  }

  /** True once the capture ended itself. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Gives the packets that wait to `take`, for `mostMs` at most; gives false when that was not enough for all. The
   * rest is skipped and counted as dropped. When not even skipping comes to an end, the capture ends itself.
   */
  drain(take: TakeFrame, mostMs: number): boolean {
    if (this.#isOver) return true;
    const skipped = this.#skipped;
    this.#take = take;
    this.#untilMs = performance.now() + mostMs;
    this.#skipUntilMs = this.#untilMs + Math.max(minSkipMs, mostMs);
    const outcome = this.#session.dispatch(this.#frame, this.#header);
    this.#take = undefined;
    // The interface is gone, or the session was closed meanwhile.
    if (outcome === -1) void this.close();
    else if (outcome === -2) this.#isOver = true;
    return !this.#isOver && this.#skipped === skipped;
  }

  /** Lets go of the ring and the socket. Never rejects. */
  async close(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await release(this.#session);
  }

  readonly #onFrame = (): void => {
    this.#frames++;
    if (this.#frames % framesPerCheck === 0) this.#checkTime();
    const take = this.#take;
    if (take === undefined) {
      this.#skipped++;
      return;
    }
    this.#taken++;
    const header = this.#header;
    const frame = this.#frame;
    const captured = Math.min(readU32(header, 8), frame.length);
    const timeUs = readU32(header, 0) * 1e6 + readU32(header, 4);
    take(frame, 0, captured, readU32(header, 12), timeUs, this.#linkType);
  };

  /** The binding reads on as long as there are packets; closing the session is the one way to stop it. */
  #checkTime(): void {
    const nowMs = performance.now();
    if (nowMs > this.#untilMs) this.#take = undefined;
    if (nowMs > this.#skipUntilMs && !this.#isOver) {
      this.#kernelDropped = this.#session.stats().ps_drop;
      this.#isOver = true;
      this.#session.close();
    }
  }
}

/** Sessions that were closed and saw no packet since; each holds its ring. */
const unreleased = new Set<NativeSession>();
const maxUnreleased = 4;

/** False when opening failed before there was anything to let go of. */
function isOpen(session: NativeSession): boolean {
  try {
    session.stats();
    return true;
  } catch {
    return false;
  }
}

async function release(session: NativeSession): Promise<void> {
  unreleased.add(session);
  session.close();
  for (let tries = 0; tries < closeTries; tries++) {
    if (isReleased(session)) return;
    await wake();
    await sleep(blockMs / 4);
  }
}

function isReleased(session: NativeSession): boolean {
  const isDone = session.dispatch(Buffer.alloc(64), Buffer.alloc(16)) === -2;
  if (isDone) unreleased.delete(session);
  return isDone;
}

/** Gives how many are left. */
function releaseAgain(): number {
  for (const session of unreleased) isReleased(session);
  return unreleased.size;
}

/** Sends the packet that lets a closed session go. */
async function wake(): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => {
    socket.on('error', () => resolve());
    socket.send('', wakePort, '127.0.0.1', () => resolve());
  });
  socket.close();
}
