import type { KernelTrace, TraceSource } from '../linux/trace/kernel-trace.linux.ts';

/** Time between looks at how many programs begin. */
const lookMs = 1000;
/** Programs in that time that need not be read at once, and woke the agent each: so many are a storm. */
const stormRings = 60;
/** A storm is over once so few came in that time. */
const calmPrograms = 40;
/** Paths that are spared at once, and how often each must have come: each is a comparison for the kernel at every exec. */
const maxSpared = 16;
const leastRings = 4;
/** Paths that are counted between two looks. */
const maxCounted = 256;
/** What stands in a filter of the kernel without being mistaken for more than a text. */
const plainPath = /^[\w./+-]{1,200}$/;

/**
 * Spares the agent a waking for each program of a storm. Records of new programs ring, so that /proc is read while they
 * live; where the kernel reads the arguments itself that is not needed, and waking up costs a good part of what is
 * done for a program. While there is a storm of such, those of the paths that make it come with the records that are
 * collected, by filters that the kernel keeps; all others ring as ever. At the turn of one to the other a record may come
 * by both ways.
 */
export class ExecStorm {
  readonly #trace: KernelTrace;
  readonly #ringing: TraceSource;
  readonly #collected: TraceSource;
  readonly #rings = new Map<string, number>();
  /** Paths whose programs do not ring now. */
  #spared: readonly string[] = [];
  #passed = 0;
  #lookedAtMs = 0;

  /** The same event by both ways: `ringing` is urgent and on, `collected` is neither. */
  constructor(trace: KernelTrace, ringing: TraceSource, collected: TraceSource) {
    this.#trace = trace;
    this.#ringing = ringing;
    this.#collected = collected;
  }

  /** A program rang that need not have. */
  rang(path: string): void {
    if (this.#rings.size < maxCounted || this.#rings.has(path)) {
      this.#rings.set(path, (this.#rings.get(path) ?? 0) + 1);
    }
  }

  /** A program came without ringing. */
  passed(): void {
    this.#passed++;
  }

  /** The kernel did not read the arguments of a program of this path: it must ring. */
  missed(path: string): void {
    if (this.#spared.includes(path)) this.#end();
  }

  /** Call after each round of records. */
  look(): void {
    const nowMs = performance.now();
    if (nowMs - this.#lookedAtMs < lookMs) return;
    this.#lookedAtMs = nowMs;
    const rings = this.#rings.values().reduce((sum, count) => sum + count, 0);
    const isStorm = rings >= stormRings;
    // Other paths may have taken over; which do is seen at the next look, when all ring.
    if (this.#spared.length > 0 && (isStorm || this.#passed < calmPrograms)) this.#end();
    else if (isStorm) this.#begin();
    this.#rings.clear();
    this.#passed = 0;
  }

  #begin(): void {
    const often = [...this.#rings].filter(([path, count]) => count >= leastRings && plainPath.test(path));
    const spared = often
      .sort(([, a], [, b]) => b - a)
      .slice(0, maxSpared)
      .map(([path]) => path);
    if (spared.length === 0) return;
    // First this, then that: what comes by both ways is told once, what came by neither would be lost.
    const isCollected = this.#trace.add({
      ...this.#collected,
      filter: spared.map((path) => `filename == "${path}"`).join(' || '),
    });
    if (!isCollected) return;
    this.#spared = spared;
    const others = spared.map((path) => `filename != "${path}"`).join(' && ');
    if (this.#trace.refilter(this.#ringing, others)) this.#trace.hurry(true);
    else this.#end();
  }

  /** Where the kernel refuses, programs that do not ring are collected on, and it is tried again at the next look. */
  #end(): void {
    if (!this.#trace.refilter(this.#ringing, undefined)) return;
    this.#spared = [];
    this.#trace.drop(this.#collected);
    this.#trace.hurry(false);
  }
}
