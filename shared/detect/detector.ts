import type { RuleSet } from '../sigma/index.ts';
import type { Detector } from './contract.ts';
import { detectorSpecs } from './detectors/registry.ts';
import { type DetectorOptions, SigmaDetector } from './sigma-detector.ts';

/** Rules at work on batches. See the contract. */
export function createDetector(ruleSet: RuleSet, options: DetectorOptions = {}): Detector {
  return new SigmaDetector(ruleSet, options, detectorSpecs);
}

export type { DetectorOptions, RuleFault } from './sigma-detector.ts';
