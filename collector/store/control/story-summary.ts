import { type Alert, type Level, levels, type StorySummary } from '../contract.ts';

const tactic = /^attack\.([a-z][a-z-]*)$/;
/** Hosts and users that are named. */
const named = 50;

/** What a story says of its alerts; the same alerts always give the same, in whatever order they came. */
export function summaryOf(alerts: readonly Alert[]): StorySummary {
  const inTime = alerts.toSorted((a, b) => a.firstEventAt - b.firstEventAt || (a.id < b.id ? -1 : 1));
  const worst = inTime.reduce((a, b) => (rank(b.level) > rank(a.level) ? b : a));
  const tactics = unique(
    inTime.flatMap(({ tags }) => tags.flatMap((tag) => tactic.exec(tag.toLowerCase())?.[1] ?? [])),
  );
  const hosts = [...new Map(inTime.map(({ hostId, hostName }) => [hostId, hostName]))];
  const users = unique(
    inTime.flatMap(({ event }) => (typeof event['user.name'] === 'string' ? [event['user.name']] : [])),
  );
  return {
    title: titleOf(
      worst,
      hosts.map(([, name]) => name),
      tactics,
    ),
    level: worst.level,
    confidence: combined(inTime),
    tactics,
    hosts: hosts.slice(0, named).map(([id, name]) => ({ id, name })),
    users: users.slice(0, named),
    rules: unique(inTime.map(({ ruleTitle }) => ruleTitle)).slice(0, named),
    events: inTime.reduce((sum, { count }) => sum + count, 0),
    open: inTime.filter(({ status }) => status !== 'closed').length,
  };
}

const rank = (level: Level) => levels.indexOf(level);
const unique = (values: readonly string[]) => [...new Set(values)];
const words = (name: string) => name.replaceAll('-', ' ');

function titleOf(worst: Alert, hosts: readonly string[], tactics: readonly string[]): string {
  const [first = 'unnamed', ...more] = hosts;
  const where = more.length === 0 ? first : `${first} and ${more.length} more`;
  const how = tactics.length < 2 ? '' : `: ${tactics.map(words).join(', ')}`;
  return `${worst.ruleTitle} on ${where}${how}`;
}

/** Percent that any of its rules is right, each taken at its surest alert. */
function combined(alerts: readonly Alert[]): number {
  const byRule = new Map<string, number>();
  for (const { ruleId, confidence, verdict } of alerts) {
    const sure = verdict === 'true-positive' ? 99 : verdict === 'false-positive' ? 0 : confidence;
    byRule.set(ruleId, Math.max(byRule.get(ruleId) ?? 0, sure));
  }
  const wrong = [...byRule.values()]
    .sort((a, b) => a - b)
    .reduce((product, sure) => product * (1 - sure / 100), 1);
  return Math.min(99, Math.round((1 - wrong) * 100));
}
