import type { ProviderKind } from './options.ts';
import type { Emit } from './sensor.ts';

/**
 * How one sensor gets at one host. A provider object serves one start, or one sample: it is made, opened, looked
 * through any number of times one after the other, and closed.
 */
export interface Provider {
  readonly kind: ProviderKind;
  /** May change from look to look: a provider that loses its kernel events samples until it has them again. */
  readonly mode: 'sampled' | 'kernel' | 'followed';
  /**
   * Finds out whether this host can give what the sensor needs. Resolves to nothing when it can, else to the
   * reason in words. Rejects only for defects. May be called again after it gave a reason.
   */
  open(): Promise<string | undefined>;
  /**
   * Emits what is there (the first time, `event.baseline` true) or what changed since the last look. A provider
   * that follows may emit between looks through the emitter of its first look, until `close` resolves.
   */
  look(emit: Emit): Promise<void>;
  /** What it cannot see here, in words. Asked after each look. */
  note(): string | undefined;
  /**
   * Events it knows of and could not give since it was made; each of them is also declared by a `loss` event it
   * emitted, with its name in `loss.sensor`. Absent where nothing can be lost.
   */
  lost?(): number;
  /** Microseconds of processor time it has used outside its looks. Absent where that is none. */
  cpuUs?(): number;
  /** Lets go of every handle and child. Never rejects. */
  close(): Promise<void>;
}
