import { isIP } from 'node:net';
import type { Systeminformation } from 'systeminformation';
import { nowUs } from '#shared/clock.ts';
import type { EventByType } from '#shared/events/registry.gen.ts';
import type { Provider } from '../provider.ts';

type User = Systeminformation.UserData;

/** Who is signed in, through systeminformation (who, quser); logins and logouts from the differences. */
export function loginPortable(): Provider {
  let known = new Map<string, User>();
  let first = true;
  return {
    kind: 'portable',
    mode: 'sampled',
    async open() {
      return undefined;
    },
    async look(emit) {
      const { users } = await import('systeminformation');
      const found = new Map((await users()).map((user) => [keyOf(user), user]));
      const time = nowUs();
      for (const [key, user] of found) {
        if (known.has(key)) continue;
        emit({ ...eventOf(user, 'login', time), 'event.baseline': first || undefined });
      }
      for (const [key, user] of known) if (!found.has(key)) emit(eventOf(user, 'logout', time));
      known = found;
      first = false;
    },
    note() {
      return 'sampled through system tools: failed logins, su and sudo are not seen';
    },
    async close() {},
  };
}

function keyOf({ user, tty, date, time, ip }: User): string {
  return [user, tty, date, time, ip].join(' ');
}

function eventOf({ user, tty, ip }: User, action: 'login' | 'logout', time: number): EventByType['login'] {
  return {
    type: 'login',
    time,
    'event.action': action,
    'event.outcome': 'success',
    'user.name': user || undefined,
    'process.tty': tty || undefined,
    'source.ip': isIP(ip) === 0 ? undefined : ip.toLowerCase(),
    'source.domain': ip === '' || isIP(ip) !== 0 ? undefined : ip,
    'log.source': 'provider',
  };
}
