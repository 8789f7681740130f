import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePipeline } from './parse.ts';
import type { Pipeline } from './pipeline.ts';

const folder = join(import.meta.dirname, '../pipelines');

/** Built-in pipelines by name: the files each is made of, in the order they apply. */
const parts: Readonly<Record<string, readonly string[]>> = {
  sysmon: ['sysmon'],
  windows: ['sysmon', 'windows'],
  'windows-audit': ['windows-audit', 'sysmon', 'windows'],
  'windows-evtx': ['sysmon', 'windows', 'evtx-fields'],
  zeek: ['zeek'],
  cloudtrail: ['cloudtrail'],
  auditd: ['auditd'],
  ecs: ['ecs', 'sysmon', 'windows', 'ecs-fields'],
};

export const builtInPipelineNames: readonly string[] = Object.keys(parts);

const known = new Map<string, Pipeline>();

/** A built-in pipeline; undefined when there is none of this name. Reads its files when first asked for. */
export function builtInPipeline(name: string): Pipeline | undefined {
  const files = Object.hasOwn(parts, name) ? parts[name] : undefined;
  if (files === undefined) return undefined;
  const made = known.get(name) ?? joined(name, files.map(readPart));
  known.set(name, made);
  return made;
}

function readPart(part: string): Pipeline {
  const file = join(folder, `${part}.yml`);
  const { pipeline, problems } = parsePipeline(readFileSync(file, 'utf8'), file);
  if (pipeline !== undefined) return pipeline;
  throw new Error(`${file}: ${problems[0]?.line}: ${problems[0]?.message}`);
}

function joined(name: string, pipelines: readonly Pipeline[]): Pipeline {
  const [first] = pipelines;
  return {
    name,
    file: first!.file,
    priority: first!.priority,
    vars: new Map(pipelines.flatMap(({ vars }) => [...vars])),
    steps: pipelines.flatMap(({ steps }) => steps),
  };
}
