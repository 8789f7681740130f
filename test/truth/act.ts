import { nowUs } from '#shared/clock.ts';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import type { Stage } from './stage.ts';
import { type Account, eventsAbout, faultsOf, type Span } from './told.ts';

/** Something really done on a host, and all that must be told of it. */
export interface Act {
  readonly name: string;
  /** Why it cannot be done here; false where it can. */
  readonly whyNot?: () => string | false;
  /** Does it, and says what must be told. Whatever it leaves behind is taken away at the end of the stage. */
  perform(stage: Stage): Promise<readonly Account[]>;
}

/** What came of an act. */
export interface Outcome {
  readonly accounts: readonly Account[];
  /** How what was told differs from what must be; empty for the truth. */
  faults(): string[];
  /** The events told of it. */
  events(): AnyEvent[];
}

/** Clocks of the kernel and of the process are compared now and then, and may be some way apart. */
const clocksApartUs = 100_000;

/** Does the act and waits until all of it is told. Rejects when that is never so. */
export async function outcomeOf(act: Act, stage: Stage): Promise<Outcome> {
  const from = nowUs() - clocksApartUs;
  const accounts = await act.perform(stage);
  const counts = () =>
    accounts.every((one) => eventsAbout(one, stage.got.events).length >= one.events.length);
  const endMs = Date.now() + 30_000;
  while (!counts() && Date.now() < endMs) await stage.settle();
  await stage.settle();
  const span: Span = { from, to: nowUs() + clocksApartUs };
  return {
    accounts,
    faults: () => accounts.flatMap((one) => faultsOf(one, stage.got.events, span)),
    events: () => accounts.flatMap((one) => eventsAbout(one, stage.got.events)),
  };
}
