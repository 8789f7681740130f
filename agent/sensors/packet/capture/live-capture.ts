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
  /** Packets that passed the filter and found the ring full. */
  readonly dropped: number;
}

/** The kernel hands over what it has after this time, were it but one packet. */
const blockMs = 100;
/** Packets between two looks at the clock. */
const packetsPerCheck = 128;
/** Waits for a closed session to let go, each with a packet to wake it. */
const closeTries = 20;
/** Type of the loopback interface in cooked captures (if_arp.h). */
const loopbackHardware = 772;

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
  #taken = 0;
  #loopbackTaken = 0;
  #untilMs = 0;
  #isOver = false;
  #dropped = 0;

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

  /** Every packet that has passed the filter since. */
  get stats(): CaptureStats {
    if (!this.#isOver) this.#dropped = this.#session.stats().ps_drop;
    return { taken: this.#taken, dropped: this.#dropped };
  }

  /** True once the capture ended itself. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Gives every packet that waits to `take`. When that takes longer than `mostMs` the capture ends itself, since
   * packets come faster than they are decoded; those that still waited count as dropped.
   */
  drain(take: TakeFrame, mostMs: number): void {
    if (this.#isOver) return;
    this.#take = take;
    this.#untilMs = performance.now() + mostMs;
    if (this.#session.dispatch(this.#frame, this.#header) === -2) this.#isOver = true;
    this.#take = undefined;
  }

  /** Lets go of the ring and the socket. Never rejects. */
  async close(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await release(this.#session);
  }

  readonly #onFrame = (): void => {
    const take = this.#take;
    if (take === undefined) return;
    this.#taken++;
    const header = this.#header;
    const frame = this.#frame;
    const captured = Math.min(readU32(header, 8), frame.length);
    if (this.#linkType === linkTypes.linuxCooked && frame.readUInt16BE(2) === loopbackHardware)
      this.#loopbackTaken++;
    const timeUs = readU32(header, 0) * 1e6 + readU32(header, 4);
    take(frame, 0, captured, readU32(header, 12), timeUs, this.#linkType);
    if (this.#taken % packetsPerCheck === 0 && performance.now() > this.#untilMs) this.#overrun();
  };

  /** The binding reads on as long as there are packets; closing is the one way to stop it. */
  #overrun(): void {
    const { ps_recv: received, ps_drop: dropped } = this.#session.stats();
    // The kernel counts a packet over loopback twice, as it goes out and as it comes in.
    const waiting = received - dropped - this.#taken - this.#loopbackTaken;
    this.#dropped = dropped + Math.max(0, waiting);
    this.#isOver = true;
    this.#take = undefined;
    this.#session.close();
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
