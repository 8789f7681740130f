import type { AlertJson } from '../../api/json/alert.ts';
import { Code, Visible } from '../text/visible.tsx';

const textOf = (value: unknown) => (typeof value === 'string' ? value : '');

/** The title stands above it already. */
function withoutTitle({ reason, ruleTitle }: AlertJson): string {
  const prefix = `${ruleTitle}: `;
  return reason.startsWith(prefix) ? reason.slice(prefix.length) : reason;
}

export const userOf = ({ event }: AlertJson) => textOf(event['user.name']);

/** What says best what happened: the command line, where there is one. */
export function AlertSaid({ alert, wrap = false }: { alert: AlertJson; wrap?: boolean }) {
  const command = textOf(alert.event['process.command_line']);
  if (command !== '') return <Code text={command} wrap={wrap} />;
  return (
    <span className="muted">
      <Visible text={withoutTitle(alert)} />
    </span>
  );
}

/** The title of an alert, and what happened. */
export function AlertWhat({ alert }: { alert: AlertJson }) {
  return (
    <>
      <strong>
        <Visible text={alert.ruleTitle} />
      </strong>
      <AlertSaid alert={alert} />
    </>
  );
}
