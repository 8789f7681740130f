export { createDetector, type DetectorOptions, type RuleFault } from '#shared/detect/detector.ts';
