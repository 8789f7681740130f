import { Command } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { namesNear } from '#shared/filter/fields.ts';
import { printJson, printTable } from '#shared/output.ts';
import { type EventSpec, fieldsOf } from '#shared/schema/spec.ts';

interface FieldLine {
  readonly name: string;
  readonly type: string;
  readonly sigma: readonly string[];
  readonly doc: string;
  /** Event types that have it. */
  readonly events: readonly string[];
}

/** The fields of one event type, or of all, by name. */
function fieldLines(specs: readonly EventSpec[]): FieldLine[] {
  const lines = new Map<
    string,
    { name: string; type: string; sigma: string[]; doc: string; events: string[] }
  >();
  for (const spec of specs) {
    for (const [name, { type, doc, sigma = [] }] of Object.entries(fieldsOf(spec))) {
      const line = lines.get(name) ?? { name, type, sigma: [], doc, events: [] };
      line.sigma.push(...sigma.filter((alias) => !line.sigma.includes(alias)));
      line.events.push(spec.name);
      lines.set(name, line);
    }
  }
  return [...lines.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function specsOf(type: string | undefined): readonly EventSpec[] {
  const all: readonly EventSpec[] = Object.values(eventSpecs);
  if (type === undefined) return all;
  const found = all.filter(({ name }) => name === type);
  if (found.length > 0) return found;
  const near = namesNear(type, Object.keys(eventSpecs));
  const meant = near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`;
  throw new VedetteError('event.unknown_type', `There is no event type ${type}.${meant}`);
}

const columns = [
  { title: 'field', of: (line: FieldLine) => line.name },
  { title: 'holds', of: (line: FieldLine) => line.type },
  { title: 'sigma', of: (line: FieldLine) => line.sigma.join(', ') },
  { title: 'what it is', of: (line: FieldLine) => line.doc, flexible: true as const },
];

export function fieldsCommand(): Command {
  return new Command('fields')
    .description('the fields a filter can name, of one event type or of all')
    .argument('[type]', 'event type, e.g. process.start')
    .option('--json', 'print JSON')
    .action((type: string | undefined, _own: unknown, command: Command) => {
      const lines = fieldLines(specsOf(type));
      if (command.optsWithGlobals<{ json?: boolean }>().json) printJson(lines);
      else printTable(columns, lines, 'No field.');
    });
}
