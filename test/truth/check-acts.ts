import t from 'tap';
import type { SensorOptions } from '../../agent/sensors/options.ts';
import { type Act, type Outcome, outcomeOf } from './act.ts';
import { noStage, Stage } from './stage.ts';

/** Tests that each act is told of exactly, all on one stage. */
export function checkActs(
  acts: readonly Act[],
  options?: (root: string) => SensorOptions,
  furnish?: (root: string) => void,
): void {
  t.test('acts', { skip: noStage }, async (t) => {
    const stage = await Stage.open(options, furnish);
    const outcomes: Outcome[] = [];
    t.teardown(async () => {
      const errors = await stage.close();
      if (errors.length > 0) throw new Error(errors.join('\n'));
    });
    for (const act of acts) {
      await t.test(act.name, { skip: act.whyNot?.() ?? false }, async (t) => {
        const outcome = await outcomeOf(act, stage);
        t.same(outcome.faults(), []);
        t.ok(outcome.events().length > 0, 'something was told');
        outcomes.push(outcome);
      });
    }
    await stage.settle();
    t.same(
      outcomes.flatMap((outcome) => outcome.faults()),
      [],
      'nothing was told of any of them later',
    );
  });
}
