import type { ParameterSpec } from './contract.ts';

/** Numbers that a rule set gives detectors, by detector and parameter; the others are as usual. */
export type DetectorSettings = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** What can be set, as the registry of detectors says. */
export interface Settable {
  readonly name: string;
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
}

/** All parameters of a detector: as set, else as usual. */
export function parametersOf(spec: Settable, settings: DetectorSettings): Readonly<Record<string, number>> {
  const set = settings.get(spec.name);
  return Object.fromEntries(
    Object.entries(spec.parameters).map(([name, { usual }]) => [name, set?.get(name) ?? usual]),
  );
}
