/** Instants inside are microseconds since the epoch; outside they are ISO 8601 in UTC with all six decimals. */

export function toIso(at: number): string {
  const ms = Math.floor(at / 1000);
  const us = String(at - ms * 1000).padStart(3, '0');
  return `${new Date(ms).toISOString().slice(0, -1)}${us}Z`;
}

export function toIsoOrNull(at: number | null): string | null {
  return at === null ? null : toIso(at);
}

const pattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.(\d{1,9}))?(?:Z|[+-]\d{2}:\d{2})$/i;

/** Microseconds of an RFC 3339 instant with up to nine decimals (those past six are cut); undefined when it is none. */
export function fromIso(text: string): number | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const decimals = match[1] ?? '';
  const whole = Date.parse(decimals === '' ? text : text.replace(`.${decimals}`, ''));
  if (Number.isNaN(whole)) return undefined;
  return whole * 1000 + Number(decimals.padEnd(6, '0').slice(0, 6));
}
