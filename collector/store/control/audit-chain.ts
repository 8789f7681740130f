import { createHash } from 'node:crypto';
import type { AuditDetail, AuditEntry, NewAuditEntry } from '../contract.ts';

/** The hash before the first entry. */
export const genesis = '0'.repeat(64);

const maxText = 256;
const maxDetailText = 512;
const maxDetails = 24;

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
}

/** The entry within its bounds: whatever an attacker may name, an entry stays below 32 KiB. */
export function bounded(entry: NewAuditEntry): NewAuditEntry {
  const detail: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(entry.detail).slice(0, maxDetails)) {
    detail[cut(name, 64)] = typeof value === 'string' ? cut(value.toWellFormed(), maxDetailText) : value;
  }
  return {
    at: entry.at,
    actor: cut(entry.actor.toWellFormed(), maxText),
    action: cut(entry.action.toWellFormed(), maxText),
    target: cut(entry.target.toWellFormed(), maxText),
    detail,
  };
}

/** The one way to write details down: names in order of their code units. */
export function detailText(detail: AuditDetail): string {
  const sorted = Object.entries(detail).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return JSON.stringify(Object.fromEntries(sorted));
}

/** What an entry hashes to: SHA-256 hex over the hash before and the entry as a JSON list, UTF-8, each on a line. */
export function hashOf(before: string, entry: Omit<AuditEntry, 'hash' | 'detail'>, detail: string): string {
  const { number, at, actor, action, target } = entry;
  const canonical = JSON.stringify([number, at, actor, action, target, detail]);
  return createHash('sha256').update(`${before}\n${canonical}\n`).digest('hex');
}
