import { type FileHandle, open } from 'node:fs/promises';
import { VedetteError } from '#shared/errors.ts';
import { isLinkTypeKnown } from '../decode/link-layer.ts';
import { type CaptureFormat, maxFrameBytes, type TakeFrame } from './frame.ts';
import { PcapFormat, pcapHeaderBytes } from './pcap-format.ts';
import { isPcapng, PcapngFormat } from './pcapng-format.ts';

/** Room for the longest record and then as much again, so that few of them are moved. */
const bufferBytes = 4 * maxFrameBytes;

export interface CaptureFileOptions {
  readonly path: string;
  readonly take: TakeFrame;
  /** Waited for after each stretch of the file, for what takes the events to keep up. */
  readonly rest?: () => Promise<void>;
}

export interface CaptureFileResult {
  readonly format: CaptureFormat['name'];
  readonly sizeBytes: number;
  /** Frames of link types that are not understood, and were left out. */
  readonly unknownFrames: number;
  /** Why the rest of the file was not read (`capture.damaged`). */
  readonly damage: VedetteError | undefined;
}

/**
 * Reads a capture in pcap or pcapng format from begin to end, in stretches of a megabyte. Throws
 * `capture.unreadable`, `capture.not_a_capture` and, when nothing in it is understood, `capture.link_type_unknown`;
 * damage further on is part of the result, with everything before it taken.
 */
export async function readCaptureFile(options: CaptureFileOptions): Promise<CaptureFileResult> {
  const { path } = options;
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    return await new CaptureFile(file, options).read();
  } catch (error) {
    throw error instanceof VedetteError ? error : unreadable(path, error);
  } finally {
    await file.close();
  }
}

function unreadable(path: string, error: unknown): VedetteError {
  return new VedetteError('capture.unreadable', `${path}: ${(error as Error).message}.`, { cause: error });
}

class CaptureFile {
  readonly #file: FileHandle;
  readonly #options: CaptureFileOptions;
  readonly #buffer = Buffer.allocUnsafeSlow(bufferBytes);
  /** Bytes in the buffer, and where the first of them stands in the file. */
  #have = 0;
  #at = 0;
  #knownFrames = 0;
  #unknownFrames = 0;
  #unknownLinkType = -1;

  constructor(file: FileHandle, options: CaptureFileOptions) {
    this.#file = file;
    this.#options = options;
  }

  async read(): Promise<CaptureFileResult> {
    const format = await this.#format();
    const damage = await this.#records(format);
    if (this.#knownFrames === 0 && this.#unknownFrames > 0) {
      throw new VedetteError(
        'capture.link_type_unknown',
        `${this.#options.path} holds only frames of link type ${this.#unknownLinkType}.`,
      );
    }
    return {
      format: format.name,
      sizeBytes: this.#at + this.#have,
      unknownFrames: this.#unknownFrames,
      damage,
    };
  }

  async #format(): Promise<CaptureFormat> {
    while (this.#have < pcapHeaderBytes && (await this.#fill()));
    const header = this.#buffer.subarray(0, this.#have);
    if (header.length >= 4 && isPcapng(header)) return new PcapngFormat();
    const classic = header.length >= pcapHeaderBytes ? PcapFormat.of(header) : undefined;
    if (classic !== undefined) {
      this.#consume(pcapHeaderBytes);
      return classic;
    }
    const { path } = this.#options;
    const isGzip = header[0] === 0x1f && header[1] === 0x8b;
    const why =
      header.length === 0 ? 'is empty' : isGzip ? 'is compressed by gzip' : 'begins as no capture does';
    throw new VedetteError('capture.not_a_capture', `${path} ${why}.`);
  }

  async #records(format: CaptureFormat): Promise<VedetteError | undefined> {
    for (;;) {
      const step = format.feed(this.#buffer, 0, this.#have, this.#take);
      if (step.kind === 'damaged') return this.#damage(this.#at + step.at, step.why);
      const skip = step.to - this.#have;
      this.#consume(Math.min(step.to, this.#have));
      await this.#options.rest?.();
      if (skip > 0 && !(await this.#skip(skip))) return this.#damage(this.#at, 'the middle of a block');
      if (!(await this.#fill())) {
        return this.#have === 0
          ? undefined
          : this.#damage(this.#at, 'the middle of a packet, where the file ends');
      }
    }
  }

  #damage(at: number, why: string): VedetteError {
    return new VedetteError('capture.damaged', `${this.#options.path}, byte ${at}: ${why}.`);
  }

  readonly #take: TakeFrame = (bytes, start, end, wireLength, timeUs, linkType) => {
    if (isLinkTypeKnown(linkType)) {
      this.#knownFrames++;
      this.#options.take(bytes, start, end, wireLength, timeUs, linkType);
    } else {
      this.#unknownFrames++;
      this.#unknownLinkType = linkType;
    }
  };

  /** False at the end of the file. */
  async #fill(): Promise<boolean> {
    const { bytesRead } = await this.#file.read(this.#buffer, this.#have, bufferBytes - this.#have, null);
    this.#have += bytesRead;
    return bytesRead > 0;
  }

  /** Reads over bytes that lie behind the buffer; false when the file ends before. */
  async #skip(count: number): Promise<boolean> {
    for (let left = count; left > 0; ) {
      const { bytesRead } = await this.#file.read(this.#buffer, 0, Math.min(left, bufferBytes), null);
      if (bytesRead === 0) return false;
      left -= bytesRead;
      this.#at += bytesRead;
    }
    return true;
  }

  #consume(count: number): void {
    this.#buffer.copyWithin(0, count, this.#have);
    this.#have -= count;
    this.#at += count;
  }
}
