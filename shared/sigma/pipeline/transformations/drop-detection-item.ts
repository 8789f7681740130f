import type { Transformation } from './transformation.ts';

/** Takes items out. A selection left empty leaves the condition; a rule left empty is refused. */
export const dropDetectionItem: Transformation = {
  type: 'drop_detection_item',
  read: () => (work, step) => work.rewriteItems(step, () => null),
};
