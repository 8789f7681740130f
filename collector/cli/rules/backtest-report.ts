import { print, printTable, shortTime } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { BacktestReportJson, RuleOutcomeJson } from '../../api/json/backtest.ts';

/** Rules that are told of one by one, and lines of each list of theirs. */
const mostRules = 20;
const mostLines = 5;
/** Characters of the longest bar. */
const barLength = 40;

export function showReport(report: BacktestReportJson): void {
  for (const p of report.problems.filter(({ severity }) => severity === 'error'))
    say(`${p.file}:${p.line}:${p.column}: ${p.code}: ${p.message}`);
  for (const { ruleId, message } of report.faults) say(`${ruleId} failed and was set aside: ${message}`);
  const { events, rowGroups, seconds, rules, alerts, damaged } = report;
  say(`${shortTime(report.since)} to ${shortTime(report.until)}: ${alerts} alerts of ${rules} rules`);
  say(
    `${events.stored} events in ${seconds.toFixed(1)} s (${Math.round(events.stored / Math.max(seconds, 1e-3))}/s); ` +
      `${rowGroups.passedOver} of ${rowGroups.all} row groups ruled out unread`,
  );
  if (damaged > 0) say(`${damaged} files or batches could not be read and are missing here.`);
  if (report.uncounted > 0) say(`${report.uncounted} more alerts were raised and not told apart.`);
  if (report.difference !== null) say(`Against the rules in force: ${differenceWords(report.difference)}`);
  print('');
  const greatest = Math.max(0, ...report.days.map((day) => day.alerts));
  for (const { day, alerts: n } of report.days)
    say(`${day} ${String(n).padStart(8)} ${'█'.repeat(Math.ceil((barLength * n) / greatest))}`);
  print('');
  printTable<RuleOutcomeJson>(
    [
      { title: 'level', of: (o) => o.level },
      { title: 'alerts', of: (o) => String(o.alerts) },
      { title: 'hosts', of: (o) => String(o.hostCount) },
      { title: 'ns/event', of: (o) => (o.costNs === null ? '' : String(o.costNs)) },
      { title: 'rule', of: (o) => o.title, flexible: true },
    ],
    report.outcomes.filter((o) => o.alerts > 0),
    'No rule raises an alert.',
  );
  for (const one of report.outcomes.filter((o) => o.alerts > 0).slice(0, mostRules)) showRule(one);
}

function showRule(one: RuleOutcomeJson): void {
  print('');
  say(`${one.title} (${one.id}): ${one.alerts} alerts about ${one.events} events`);
  if (one.difference !== null) say(`  ${differenceWords(one.difference)}`);
  for (const { name, alerts } of one.hosts.slice(0, mostLines)) say(`  ${alerts} on ${name}`);
  for (const { field, value, alerts } of one.values.slice(0, mostLines))
    say(`  ${alerts} with ${field === '' ? 'words' : field} ${value}`);
  for (const { firstEventAt, hostName, reason } of one.examples.slice(0, 2))
    say(`  e.g. ${shortTime(firstEventAt)} ${hostName} ${reason}`);
}

function differenceWords(d: NonNullable<RuleOutcomeJson['difference']>): string {
  return `${d.new} new, ${d.gone} gone, ${d.changed} changed, ${d.same} the same`;
}

function say(text: string): void {
  print(printable(text));
}
