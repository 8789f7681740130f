import type { CompiledRule } from '../../sigma/index.ts';
import { askedFor } from './engine.ts';
import { detectorSpecs } from './registry.ts';

/** Types of events that the detectors look at which these rules ask for. */
export function typesObserved(rules: readonly CompiledRule[]): ReadonlySet<string> {
  return new Set(askedFor(rules, detectorSpecs).flatMap(({ types }) => types));
}
