import t from 'tap';
import { type Outcome, outcomeOf } from './act.ts';
import { type Scene, type SceneName, scenes } from './scenes.ts';
import { noStage, Stage } from './stage.ts';

/** Tests that each act of the scene is told of exactly, all on one stage. */
export function checkScene(name: SceneName): void {
  const scene: Scene = scenes[name];
  t.test(name, { skip: noStage }, async (t) => {
    const stage = await Stage.open(scene.options, scene.furnish);
    const outcomes: Outcome[] = [];
    t.teardown(async () => {
      const errors = await stage.close();
      if (errors.length > 0) throw new Error(errors.join('\n'));
    });
    for (const act of scene.acts) {
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
