import type { Finding, Observation } from './contract.ts';

const names = [
  'process.pid',
  'process.entity_id',
  'process.name',
  'process.executable',
  'process.command_line',
  'process.parent.executable',
  'user.name',
] as const;

/** What an event says of its process and user, for a finding. */
export function processFields(seen: Observation): Finding['fields'] {
  const fields: Record<string, string | number> = {};
  for (const name of names) {
    const value = seen.text(name) ?? seen.number(name);
    if (value !== undefined) fields[name] = value;
  }
  return fields;
}

/** The program an event is of: its path, or its name where the path is not known. */
export function programOf(seen: Observation): string | undefined {
  return seen.text('process.executable') ?? seen.text('process.name');
}

/** Up to the last slash left out. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
