import { join } from 'node:path';
import type { last as lastSpec } from '#shared/tables/last.ts';
import type { loggedInUsers as loggedInSpec } from '#shared/tables/logged-in-users.ts';
import type { RowOf } from '#shared/tables/spec.ts';
import { parseUtmp, type UtmpRecord, utmpRecordBytes } from '../../sensors/login/utmp.linux.ts';
import { chunksOf } from '../files.ts';
import type { QueryHost } from '../reader.ts';

/** Newest records of wtmp that are told. */
const maxRecords = 20_000;
const maxWtmpBytes = 256 * 1024 * 1024;

/** By number, as `ut_type` of utmp(5) and as osquery names them. */
const lastNames = [
  'empty',
  'run-lvl',
  'boot-time',
  'new-time',
  'old-time',
  'init-process',
  'login-process',
  'user-process',
  'dead-process',
  'accounting',
] as const;
const stateNames: Readonly<Record<number, string>> = {
  1: 'run_level',
  2: 'boot',
  6: 'login',
  7: 'user',
  8: 'dead',
};

function recordsAt(path: string): UtmpRecord[] {
  const records: UtmpRecord[] = [];
  let rest: Buffer = Buffer.alloc(0);
  for (const chunk of chunksOf(path, maxWtmpBytes)) {
    rest = Buffer.concat([rest, chunk]);
    let at = 0;
    for (; at + utmpRecordBytes <= rest.length; at += utmpRecordBytes) {
      const record = parseUtmp(rest.subarray(at, at + utmpRecordBytes));
      if (record !== undefined) records.push(record);
    }
    rest = rest.subarray(at);
    if (records.length > 2 * maxRecords) records.splice(0, records.length - maxRecords);
  }
  return records.slice(-maxRecords);
}

export function* loggedInUsers({ runRoot }: QueryHost): Iterable<RowOf<typeof loggedInSpec>> {
  for (const { type, user, line, host, ip, at, pid } of recordsAt(join(runRoot, 'utmp'))) {
    const name = stateNames[type];
    if (name === undefined) continue;
    yield { type: name, user, tty: line, host: host || ip, time: Math.floor(at / 1e6), pid };
  }
}

export function* last({ varRoot }: QueryHost): Iterable<RowOf<typeof lastSpec>> {
  for (const { type, user, line, host, ip, at, pid } of recordsAt(join(varRoot, 'log/wtmp')))
    yield {
      username: user,
      tty: line,
      pid,
      type,
      type_name: lastNames[type],
      time: Math.floor(at / 1e6),
      host: host || ip,
    };
}
