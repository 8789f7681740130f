import { PipelineRefusal } from '../refusal.ts';
import type { Transformation } from './transformation.ts';

/** Refuses the rule. */
export const ruleFailure: Transformation = {
  type: 'rule_failure',
  read: (parameters) => {
    const message = parameters.text('message');
    return () => {
      throw new PipelineRefusal(message);
    };
  },
};

/** Refuses the rule when the conditions hold for one of its items. */
export const detectionItemFailure: Transformation = {
  type: 'detection_item_failure',
  read: (parameters) => {
    const message = parameters.text('message');
    return (work, step) =>
      work.rewriteItems(step, ({ place }) => {
        throw new PipelineRefusal(message, place);
      });
  },
};

/** Refuses the rule when it has a field that no mapping gave. */
export const strictFieldMappingFailure: Transformation = {
  type: 'strict_field_mapping_failure',
  read: (parameters) => {
    const message = parameters.optionalText('message');
    return (work) => {
      const odd = work.items().find(({ field }) => field !== null && !work.wasMapped(field));
      if (odd === undefined) return;
      const why = `the field \`${odd.field}\` is not mapped`;
      throw new PipelineRefusal(message === undefined ? why : `${message} (${why})`, odd.place);
    };
  },
};
