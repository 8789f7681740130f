import type { Transformation } from './transformation.ts';

/** Steps that run when the conditions of the step around them hold. */
export const nest: Transformation = {
  type: 'nest',
  read: (parameters, { steps }) => {
    const items = steps(parameters.need('items'));
    return (work) => {
      for (const step of items) work.run(step);
    };
  },
};
