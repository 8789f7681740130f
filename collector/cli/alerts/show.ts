/** One alert as text: why, what to do, what it rests on. */
import { techniqueName } from '#shared/attack/techniques.ts';
import { print, shortTime } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { AlertJson } from '../../api/json/alert.ts';
import type { RiskJson } from '../../api/json/risk.ts';
import type { StoryJson } from '../../api/json/story.ts';
import { processLines } from './process-lines.ts';

export interface AlertContext {
  readonly story: StoryJson | undefined;
  /** What it adds to the risk of its host. */
  readonly risk: RiskJson | undefined;
}

const nameWidth = 11;

function line(name: string, value: string): void {
  print(`${name.padEnd(nameWidth)} ${printable(value)}`);
}

/** Further lines of what was just named. */
const more = (value: string) => line('', value);

export function showAlert(alert: AlertJson, { story, risk }: AlertContext): void {
  print(printable(`${alert.level.toUpperCase()} ${alert.ruleTitle} on ${alert.hostName}`));
  print('');
  line('why', alert.reason);
  if (alert.response !== null) line('what to do', alert.response);
  line('confidence', `${alert.confidence} % (${alert.confidenceReason})`);
  line('events', spanWords(alert));
  for (const sample of alert.samples) showSample(sample);
  line('status', statusWords(alert));
  if (alert.note !== null) line('note', alert.note);
  if (alert.tags.length > 0) line('att&ck', tagWords(alert.tags));
  if (story !== undefined && story.alerts > 1)
    line('story', `${story.title} (${story.alerts} alerts): vedette stories show ${story.id}`);
  showRisk(alert, risk);
  if (alert.previousId !== null) line('before', `the same was alert ${alert.previousId}`);
  showTree(alert);
  showMatches(alert);
  showEvidence(alert);
  line('alert', alert.id);
  line('rule', alert.ruleId);
  line('host', alert.hostId);
}

function spanWords({ count, firstEventAt, lastEventAt }: AlertJson): string {
  if (count === 1) return `1, ${shortTime(firstEventAt)}`;
  return `${count}, from ${shortTime(firstEventAt)} to ${shortTime(lastEventAt)}`;
}

function showSample({ field, values, others }: AlertJson['samples'][number]): void {
  if (values.length + (others > 0 ? 1 : 0) < 2) return;
  more(`${field}:`);
  for (const { value, count } of values) more(`  ${count} × ${value}`);
  if (others > 0) more(`  ${others} × other values`);
}

function statusWords({ status, verdict, changedBy, changedAt }: AlertJson): string {
  const found = verdict === null ? '' : `, ${verdict.replace('-', ' ')}`;
  const by = changedBy === null || changedAt === null ? '' : ` by ${changedBy}, ${shortTime(changedAt)}`;
  return `${status}${found}${by}`;
}

/** Techniques with their names, then tactics; other tags as they are. */
export function tagWords(tags: readonly string[]): string {
  return tags
    .map((tag) => {
      const name = /^attack\.(.+)$/i.exec(tag)?.[1];
      if (name === undefined) return tag;
      if (!/^t\d/i.test(name)) return name.replaceAll(/[-_]/g, ' ');
      const known = techniqueName(name);
      return known === undefined ? name.toUpperCase() : `${name.toUpperCase()} ${known}`;
    })
    .join(', ');
}

function showRisk({ id, hostName }: AlertJson, risk: RiskJson | undefined): void {
  const own = risk?.contributions.find(({ alertId }) => alertId === id);
  if (risk === undefined || own === undefined) return;
  line('risk', `adds ${Math.round(own.points)} to the ${Math.round(risk.score)} of ${hostName}`);
}

function showTree({ tree, id }: AlertJson): void {
  if (tree === null || tree.processes.length === 0) return;
  const processes = tree.processes.map((one) => ({
    ...one,
    alertIds: one.relation === 'subject' ? [id] : [],
  }));
  for (const [i, text] of processLines(processes).entries()) line(i === 0 ? 'processes' : '', text);
  if (tree.leftOut > 0) more(`and ${tree.leftOut} more`);
}

function showMatches({ matches }: AlertJson): void {
  for (const [i, { field, test, value }] of matches.entries()) {
    line(i === 0 ? 'tests' : '', `${field ?? 'any field'} ${test}`);
    if (test !== `is '${value}'`) more(`  found ${value}`);
  }
}

/** Fields of the event that nobody looks for when reading an alert: vedette events shows them. */
const dull = /^(?:type|time|event\.(?:id|dataset|provider|kind|sequence)|@timestamp|host\.|agent\.)/;

function showEvidence({ event, eventIds, count }: AlertJson): void {
  const fields = Object.entries(event).filter(([name]) => !dull.test(name));
  for (const [i, [name, value]] of fields.entries())
    line(i === 0 ? 'event' : '', `${name} ${Array.isArray(value) ? value.join(', ') : String(value)}`);
  const [first] = eventIds;
  if (first === undefined) return;
  const others =
    eventIds.length === 1 ? '' : ` and ${eventIds.length - 1} more of ${count} (--json names them)`;
  line('evidence', `${first}${others}`);
}
