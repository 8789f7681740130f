/**
 * Takes the examples of the event reference from real runs: does acts on this host as the truth tests do, and keeps
 * one event of each type that was told exactly as it must be, with names of this host taken out. Needs root on Linux.
 *
 * Renews the examples that are missing or no longer valid, and those of the types named; --all renews every one.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type AnyEvent, type EventType, eventSpecs } from '#shared/events/registry.gen.ts';
import { fieldsOf } from '#shared/schema/spec.ts';
import { faultOf } from '../test/agent/sensors/collected.ts';
import { outcomeOf } from '../test/truth/act.ts';
import { type Scene, scenes } from '../test/truth/scenes.ts';
import { noStage, Stage } from '../test/truth/stage.ts';
import { withoutHost } from './examples/anonymous.ts';
import { type Example, examplePath, readExample } from './examples/example.ts';
import { moduleExample } from './examples/module.ts';

const root = join(import.meta.dirname, '..');
const types = Object.keys(eventSpecs) as EventType[];
const { values: flags, positionals } = parseArgs({
  options: { all: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const unknown = positionals.filter((type) => !types.some((known) => known === type));
if (unknown.length > 0) {
  console.error(`No such event types: ${unknown.join(', ')}.`);
  process.exit(2);
}
if (noStage !== false) {
  console.error(`No examples can be taken here: ${noStage}.`);
  process.exit(1);
}

const wanted = new Set(
  types.filter((type) => {
    const kept = readExample(root, type);
    return flags.all || positionals.includes(type) || kept === undefined || faultOf(kept.event) !== undefined;
  }),
);

/** The events of what was told exactly as it must be, each with the name of its act. */
async function play(name: string, scene: Scene): Promise<Example[]> {
  const stage = await Stage.open(scene.options, scene.furnish);
  const examples: Example[] = [];
  for (const act of scene.acts) {
    const reason = act.whyNot?.() ?? false;
    if (reason !== false) {
      console.log(`${name}: ${act.name}: skipped: ${reason}`);
      continue;
    }
    const outcome = await outcomeOf(act, stage);
    const faults = outcome.faults();
    for (const fault of faults) console.error(`${name}: ${act.name}: ${fault}`);
    if (faults.length > 0) continue;
    for (const event of outcome.events()) {
      examples.push({ from: 'run', of: act.name, event: withoutHost(event, stage.root) });
    }
  }
  const errors = await stage.close();
  if (errors.length > 0) throw new Error(errors.join('\n'));
  return examples;
}

/** The event that shows most; of several the first. */
function best(examples: readonly Example[]): Example | undefined {
  const fields = ({ event }: Example) => Object.values(event).filter((value) => value !== undefined).length;
  return examples.reduce<Example | undefined>(
    (most, one) => (most === undefined || fields(one) > fields(most) ? one : most),
    undefined,
  );
}

/** Its fields in the order of the declaration. */
function ordered(event: AnyEvent): AnyEvent {
  const names = ['type', 'time', ...Object.keys(fieldsOf(eventSpecs[event.type]))];
  const fields = Object.entries(event).sort(([a], [b]) => names.indexOf(a) - names.indexOf(b));
  return Object.fromEntries(fields) as AnyEvent;
}

function keep(example: Example): void {
  const path = join(root, examplePath(example.event.type));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify({ ...example, event: ordered(example.event) }, null, 2)}\n`);
  console.log(`${examplePath(example.event.type)}: ${example.of}`);
}

/** True unless every wanted type has an example already, none of them from this scene. --all looks for better ones everywhere. */
function isNeeded(scene: Scene): boolean {
  return [...wanted].some((type) => {
    const kept = flags.all ? undefined : readExample(root, type);
    return kept === undefined || scene.acts.some(({ name }) => name === kept.of);
  });
}

const found: Example[] = [];
for (const [name, scene] of Object.entries(scenes)) {
  if (isNeeded(scene)) found.push(...(await play(name, scene)));
}
if (wanted.has('module.change') && !found.some(({ event }) => event.type === 'module.change')) {
  found.push(await moduleExample());
}
for (const type of wanted) {
  const example = best(found.filter(({ event }) => event.type === type));
  if (example === undefined) console.error(`${type}: nothing tells of it here`);
  else keep(example);
  process.exitCode = example === undefined ? 1 : process.exitCode;
}
