import { isIP } from 'node:net';
import { basename } from 'node:path';
import type { EventByType } from '#shared/events/registry.gen.ts';
import { pidIn } from './act.ts';
import type { AuditRecord } from './record.ts';

type Login = EventByType['login'];

/** What a record of a program says of a login (lib/audit-records.h of libaudit); undefined for all others. */
export function loginEvent({ type, at, fields, body }: AuditRecord): Login | undefined {
  const succeeded = /^(?:success|yes|1)$/.test(fields.get('res') ?? '');
  const action = actionOf(type, succeeded);
  if (action === undefined) return undefined;
  const place = known(fields.get('addr')) ?? known(fields.get('hostname'));
  const isAddress = place !== undefined && isIP(place) !== 0;
  const exe = fields.get('exe');
  return {
    type: 'login',
    time: at,
    'event.provider': 'auditd',
    'event.action': action,
    'event.outcome': succeeded ? 'success' : 'failure',
    'user.name': type === 'USER_CMD' ? fields.get('UID') : (known(fields.get('acct')) ?? fields.get('ID')),
    'source.ip': isAddress ? place.toLowerCase() : undefined,
    'source.domain': isAddress ? undefined : place,
    'process.pid': pidIn(fields.get('pid')),
    'process.name': exe === undefined ? undefined : basename(exe),
    'process.command_line': type === 'USER_CMD' ? fields.get('cmd') : undefined,
    'process.tty': known(fields.get('terminal'))?.replace(/^\/dev\//, ''),
    'authentication.method': /^(?:op=)?PAM:/.test(fields.get('op') ?? '') ? 'pam' : undefined,
    'log.source': 'audit',
    message: body,
  };
}

function actionOf(type: string, succeeded: boolean): Login['event.action'] | undefined {
  switch (type) {
    case 'USER_LOGIN':
      return succeeded ? 'login' : 'failed';
    case 'USER_LOGOUT':
      return 'logout';
    case 'USER_AUTH':
      return succeeded ? undefined : 'failed';
    case 'USER_START':
      return succeeded ? 'session-open' : 'failed';
    case 'USER_END':
      return 'session-close';
    case 'USER_CMD':
      return 'sudo';
    default:
      return undefined;
  }
}

/** Programs put a question mark where they know nothing, or a word for it. */
function known(text: string | undefined): string | undefined {
  return text === undefined || /^(?:\?|unknown|ssh|unset)?$/.test(text) ? undefined : text;
}
