import type { AdvisoryIndex } from '../contract.ts';

/** Where no advisories were imported. */
export const noAdvisories: AdvisoryIndex = { revision: 0, matching: () => [] };
