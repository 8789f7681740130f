import { detectorsJson, detectorsSchema } from '../json/detector.ts';
import { operation } from '../operation.ts';

export const detectors = [
  operation({
    method: 'GET',
    path: '/detectors',
    permission: 'read',
    summary: 'Detectors: what they look for, how they are set, what they hold, which rules ask for them',
    output: detectorsSchema,
    async handler({ deps }) {
      return detectorsJson(deps.detectors(), deps.rules());
    },
  }),
];
