import { lookup } from 'node:dns/promises';
import type { PacketSettings } from '../settings.ts';
import { loadBinding, type NativeBinding } from './binding.ts';
import { captureFilter, type Level } from './filter.ts';
import type { TakeFrame } from './frame.ts';
import { LiveCapture } from './live-capture.ts';

/** The captures on all interfaces that are watched, opened and closed together. */
export class CaptureSet {
  readonly #settings: PacketSettings;
  #captures: readonly LiveCapture[] = [];
  /** Drops of each capture that were told. */
  readonly #toldDrops = new Map<LiveCapture, number>();

  constructor(settings: PacketSettings) {
    this.#settings = settings;
  }

  get isOpen(): boolean {
    return this.#captures.length > 0;
  }

  /** True when a capture ended itself, or its interface did. */
  get isBroken(): boolean {
    return this.#captures.some((capture) => capture.isOver);
  }

  /** Opens a capture on each interface with the filter of the level. Gives the reason when that cannot be; then none is open. */
  async open(level: Level): Promise<string | undefined> {
    const binding = loadBinding();
    if (typeof binding === 'string') return binding;
    const settings = this.#settings;
    const { ringBytes, snapBytes, filter: extra } = settings;
    const filter = captureFilter({ level, collector: await addressesOf(settings.collector), extra });
    const captures: LiveCapture[] = [];
    this.#captures = captures;
    for (const device of devicesOf(binding, settings)) {
      const capture = await LiveCapture.open({ binding, device, filter, ringBytes, snapBytes });
      if (typeof capture === 'string') {
        await this.close();
        return capture;
      }
      captures.push(capture);
    }
    return this.isOpen ? undefined : 'there is no interface to capture on';
  }

  /** Gives the packets that wait to `take`, for so long at most in all; false when that was not enough. */
  drain(take: TakeFrame, mostMs: number): boolean {
    let isAll = true;
    for (const capture of this.#captures) {
      isAll = capture.drain(take, mostMs / this.#captures.length) && isAll;
    }
    return isAll;
  }

  /** Packets dropped since the last call. */
  takeDrops(): number {
    let drops = 0;
    for (const capture of this.#captures) {
      const { dropped } = capture.stats;
      drops += Math.max(0, dropped - (this.#toldDrops.get(capture) ?? 0));
      this.#toldDrops.set(capture, dropped);
    }
    return drops;
  }

  /** Never rejects. */
  async close(): Promise<void> {
    const captures = this.#captures;
    this.#captures = [];
    this.#toldDrops.clear();
    await Promise.all(captures.map((capture) => capture.close()));
  }
}

/** Linux has a device that stands for all; elsewhere the first interface does. */
function devicesOf(binding: NativeBinding, settings: PacketSettings): readonly string[] {
  if (settings.interfaces.length > 0) return settings.interfaces;
  if (process.platform === 'linux') return ['any'];
  const device = binding.default_device();
  return device === undefined ? [] : [device];
}

/** Addresses and port of `host:port`, by the name service of this host; nothing when it cannot tell now. */
async function addressesOf(collector: string) {
  const colon = collector.lastIndexOf(':');
  const port = Number(collector.slice(colon + 1));
  if (colon < 1 || !Number.isInteger(port)) return undefined;
  const host = collector.slice(0, colon).replace(/^\[|\]$/g, '');
  try {
    const found = await lookup(host, { all: true });
    return { addresses: found.map(({ address }) => address), port };
  } catch {
    return undefined;
  }
}
