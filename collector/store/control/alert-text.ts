import type { Alert } from '../contract.ts';

/** Every text of an alert that somebody may remember of it. */
function* textsOf(alert: Alert): Generator<string> {
  yield* [alert.id, alert.ruleId, alert.ruleTitle, alert.hostName, alert.reason, alert.note ?? ''];
  yield* alert.tags;
  yield* Object.values(alert.entity).map(String);
  for (const value of Object.values(alert.event)) if (typeof value === 'string') yield value;
  for (const { value } of alert.matches) yield value;
  for (const { values } of alert.samples) for (const { value } of values) yield value;
}

/** Whether any text of an alert contains `text`, whatever the case. */
export function mentions(alert: Alert, text: string): boolean {
  const wanted = text.toLowerCase();
  for (const one of textsOf(alert)) if (one.toLowerCase().includes(wanted)) return true;
  return false;
}

/** Whether an alert is about what a user of this name did, or somebody who acted as them. */
export function isAbout(alert: Alert, user: string): boolean {
  const { 'user.name': name, 'user.effective.name': effective } = alert.event;
  return [name, effective].some(
    (one) => one === user || (one === 'root' && user === `root@${alert.hostName}`),
  );
}
