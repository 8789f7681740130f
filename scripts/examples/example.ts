import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyEvent } from '#shared/events/registry.gen.ts';

/** An event as it was told once, for the reference. */
export interface Example {
  /** `fixture` where this kind of host cannot do it: the sensor is real, the host it looked at was made up. */
  readonly from: 'run' | 'fixture';
  /** What was done, in words. */
  readonly of: string;
  readonly event: AnyEvent;
}

/** From the root of the checkout. */
export function examplePath(type: string): string {
  return `docs/reference/examples/${type}.json`;
}

/** Undefined where there is none. Throws when it is there and is no example of its type. */
export function readExample(root: string, type: string): Example | undefined {
  let text: string;
  try {
    text = readFileSync(join(root, examplePath(type)), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const example = JSON.parse(text) as Example;
  if (example.event?.type !== type) throw new Error(`${examplePath(type)} is no example of ${type}`);
  return example;
}
