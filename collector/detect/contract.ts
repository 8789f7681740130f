/** Detection is shared with agents, which run what can run on one host. */
export type { BatchOrigin, Detector, MissedHistory } from '#shared/detect/contract.ts';
