const form = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?(Z|[+-]\d{2}:\d{2})?)?$/i;

/** Microseconds since the epoch of `2026-01-31`, `2026-01-31T12:00` and finer; UTC unless it says otherwise. */
export function readInstant(text: string): number | undefined {
  const parts = form.exec(text);
  if (parts === null) return undefined;
  const [, day, minute = '00:00', second = '00', decimals = '', zone = 'Z'] = parts;
  const ms = Date.parse(`${day}T${minute}:${second}${zone.toUpperCase()}`);
  return Number.isNaN(ms) ? undefined : ms * 1000 + Number(decimals.padEnd(6, '0'));
}
