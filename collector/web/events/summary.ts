import type { EventJson } from '../../api/json/event.ts';

/** Said elsewhere in the row, or of no use in one line. */
const left = /^(@timestamp|event\.|host\.(id|name)$|log\.)|(^|\.)(entity_id|pid|start|hash\..*|id)$/;
const maxPairs = 6;

export interface Summary {
  /** What says it best, when the event has it: a command line or a message. */
  readonly main: string | undefined;
  readonly pairs: readonly (readonly [name: string, value: string])[];
}

/** An event in one line, whatever its type: a new type needs nothing here. */
export function summaryOf(event: EventJson): Summary {
  const main = event['process.command_line'] ?? event['message'];
  if (typeof main === 'string' && main !== '') {
    const user = event['user.name'];
    return { main, pairs: typeof user === 'string' ? [['user', user]] : [] };
  }
  const action = event['event.action'];
  const pairs = Object.entries(event)
    .filter(([name, value]) => !left.test(name) && value !== '')
    .map(([name, value]) => [name, format(value)] as const);
  const all = typeof action === 'string' ? [['action', action] as const, ...pairs] : pairs;
  return { main: undefined, pairs: all.slice(0, maxPairs) };
}

function format(value: unknown): string {
  if (typeof value === 'number' && !Number.isInteger(value)) return value.toFixed(3);
  return Array.isArray(value) ? value.join(' ') : String(value);
}
