import { detectorBounds } from './bounds.ts';

/** Adds an id to those that are remembered; the oldest goes. */
export function remember(ids: string[], id: string): void {
  ids.push(id);
  if (ids.length > detectorBounds.evidence) ids.shift();
}
