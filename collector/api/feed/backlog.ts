import type { Topic } from '../../bus.ts';

/** A frame that was sent, for clients that come back. */
interface Kept {
  readonly number: number;
  readonly topic: Topic;
  readonly frame: string;
}

/** Topics of which every message counts; of the others the next one says all. */
const kept: ReadonlySet<Topic> = new Set(['alert', 'host', 'command', 'rollout']);
export const keeps = (topic: Topic): boolean => kept.has(topic);
export const backlogBounds = { frames: 2_000, bytes: 8 * 1024 * 1024 } as const;

/** The last frames of the feed, numbered from 1 as they were sent. */
export class Backlog {
  readonly #frames: Kept[] = [];
  #bytes = 0;
  #number = 0;
  /** Number of the last frame that was let go of. */
  #gone = 0;

  get number(): number {
    return this.#number;
  }

  /** The next number, which the frame is to carry. */
  take(): number {
    return ++this.#number;
  }

  keep(topic: Topic, number: number, frame: string): void {
    if (!kept.has(topic)) return;
    this.#frames.push({ number, topic, frame });
    this.#bytes += frame.length;
    while (this.#frames.length > backlogBounds.frames || this.#bytes > backlogBounds.bytes) {
      const oldest = this.#frames.shift();
      if (oldest === undefined) return;
      this.#bytes -= oldest.frame.length;
      this.#gone = oldest.number;
    }
  }

  /** What was sent after a number on some topics; undefined where not all of it is known any more. */
  after(number: number, topics: ReadonlySet<Topic>): readonly string[] | undefined {
    if (number < this.#gone || number > this.#number) return undefined;
    return this.#frames
      .filter((one) => one.number > number && topics.has(one.topic))
      .map(({ frame }) => frame);
  }
}
