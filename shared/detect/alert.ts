import { createHash } from 'node:crypto';
import { type ColumnarEvents, type EventRow, rowAt } from '../schema/columns.ts';
import type { MatchedTest, RuleHeader } from '../sigma/index.ts';
import type { BatchOrigin } from './contract.ts';
import type { RaisedAlert } from './raised-alert.ts';

/** Ids kept as evidence of one alert. */
export const evidenceBound = 100;

/** An event that matched, with what an alert about it needs. */
export interface Evidence {
  readonly origin: BatchOrigin;
  readonly events: ColumnarEvents;
  readonly group: number;
  readonly row: number;
  readonly time: number;
  readonly eventId: string;
}

/** The same inputs always give the same id. */
export function alertId(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

/** The row as an object, with where it came from. */
export function evidenceEvent({ origin, events, row, eventId }: Evidence): EventRow {
  return {
    ...rowAt(events, row),
    'host.id': origin.hostId,
    'host.name': origin.hostName,
    'event.id': eventId,
  };
}

interface AlertParts {
  /** See RaisedAlert. */
  readonly subject: readonly string[];
  readonly rule: RuleHeader;
  readonly evidence: Evidence;
  /** Null where nobody wants to know: then the alert does not hold the event either. */
  readonly matches: readonly MatchedTest[] | null;
  readonly reason: (event: EventRow) => string;
  readonly now: number;
  readonly firstEventAt: number;
  readonly lastEventAt: number;
  readonly count: number;
  readonly eventIds: readonly string[];
  readonly groupKey?: string;
}

export function newAlert({ subject, rule, evidence, ...rest }: AlertParts): RaisedAlert {
  const { matches, reason, now, firstEventAt, lastEventAt, count, eventIds, groupKey } = rest;
  const { events, time } = evidence;
  const event = matches === null ? { type: events.type, time } : evidenceEvent(evidence);
  return {
    id: alertId(rule.id, ...subject),
    subject,
    ruleId: rule.id,
    ruleTitle: rule.title,
    level: rule.level,
    hostId: evidence.origin.hostId,
    hostName: evidence.origin.hostName,
    raisedAt: now,
    firstEventAt,
    lastEventAt,
    count,
    tags: rule.tags,
    reason: reason(event),
    matches: matches ?? [],
    ...{ eventIds, event },
    ...(groupKey !== undefined && { groupKey }),
  };
}

/** One alert for two of the same id: the first one's words, both ones' events. */
export function mergeAlerts(a: RaisedAlert, b: RaisedAlert): RaisedAlert {
  return {
    ...a,
    firstEventAt: Math.min(a.firstEventAt, b.firstEventAt),
    lastEventAt: Math.max(a.lastEventAt, b.lastEventAt),
    count: a.count + b.count,
    eventIds: [...new Set([...a.eventIds, ...b.eventIds])].slice(0, evidenceBound),
  };
}

/** Characters of a value quoted in a reason. */
const quoteLength = 120;

/** What says whom or what an event is about, most telling first. */
const subjects = [
  'user.name',
  'group.name',
  'device.name',
  'package.name',
  'loss.reason',
  'destination.ip',
  'source.ip',
  'source.port',
  'process.executable',
  'process.name',
] as const;
const mostSubjects = 3;

/**
 * One sentence: the rule, and the test that says most (of a command line before others, words before expressions),
 * with who or what it was about unless a command line was quoted.
 */
export function reasonOf(title: string, matches: readonly MatchedTest[], event: EventRow): string {
  const [most] = [...matches].sort((a, b) => weightOf(b) - weightOf(a));
  const said = most === undefined ? `${title}: what the rule excludes is absent` : saidOf(title, most);
  if (most?.field === 'process.command_line') return said;
  const about = subjects.flatMap((name) =>
    event[name] === undefined || name === most?.field ? [] : [`${name} ${quote(String(event[name]))}`],
  );
  return about.length === 0 ? said : `${said}; ${about.slice(0, mostSubjects).join(', ')}`;
}

function saidOf(title: string, match: MatchedTest): string {
  const said = `${title}: ${match.field ?? 'the event'} ${inWords(match)}`;
  return match.test === `is '${match.value}'` ? said : `${said} (${quote(match.value)})`;
}

function inWords(match: MatchedTest): string {
  const list = /^expand\b.*'%(.+)%'$/.exec(match.test)?.[1];
  if (list !== undefined) return `is on the list ${list}`;
  return isRegex(match) ? 'matches its pattern' : match.test;
}

function quote(value: string): string {
  const line = value.replace(/\s+/g, ' ');
  return line.length > quoteLength ? `${line.slice(0, quoteLength)}…` : line;
}

function isRegex({ test }: MatchedTest): boolean {
  return /^re[| ]/.test(test);
}

function weightOf(match: MatchedTest): number {
  const field = match.field ?? '';
  const telling = field === 'process.command_line' ? 2_000 : field.startsWith('event.') ? 0 : 500;
  return telling + (isRegex(match) ? 0 : 1_000 + match.test.length);
}
