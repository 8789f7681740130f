import { appendFileSync } from 'node:fs';
import { nowUs } from '#shared/clock.ts';
import { encodeSchedule } from '#shared/query/schedule.ts';
import { QueryProcess } from '../../../agent/query/query-process.ts';
import { Scheduler } from '../../../agent/schedule/scheduler.ts';
import { onFolder } from '../../agent/query/query-host.ts';
import type { Act } from '../act.ts';
import { account } from '../told.ts';

/** Scheduled queries, asked of the files of the stage. */

const sql = 'SELECT username, uid, shell FROM users WHERE uid = 0 OR uid = 1601';
const baseline = JSON.stringify({ username: 'root', uid: 0, shell: '/bin/sh' });
const row = { username: 'quinn', uid: 1601, shell: '/bin/sh' };

const joined: Act = {
  name: 'a row comes into the answer of a scheduled query',
  async perform(stage) {
    const queries = new QueryProcess();
    const scheduler = new Scheduler({
      folder: stage.path('tmp'),
      hostId: '0123456789abcdef',
      ask: (run) => queries.run({ ...run, host: onFolder(stage.root) }),
      emit: stage.got.emit,
      flush: () => undefined,
      onProblem: (error) => stage.errors.push(error.line),
      lookMs: 100,
    });
    stage.atEnd(() => {
      scheduler.close();
      queries.close();
    });
    const failing = { name: 'no-such-table', sql: 'SELECT * FROM unheard_of', intervalS: 10 };
    scheduler.accept(encodeSchedule([{ name: 'local-users', sql, intervalS: 10 }, failing]));
    // Its first answer, in which quinn is not.
    await stage.got.until('query.result', (event) => event['query.row'] === baseline);
    appendFileSync(stage.path('etc/passwd'), 'quinn:x:1601:1601::/home/quinn:/bin/sh\n');
    return [
      account(
        'query.result',
        { 'query.name': 'local-users', 'event.action': 'added', 'query.row': JSON.stringify(row) },
        {
          'event.action': 'added',
          'query.name': 'local-users',
          'query.row': JSON.stringify(row),
          'query.values': ['username=quinn', 'uid=1601', 'shell=/bin/sh'],
          time: (at) => Number(at) <= nowUs(),
        },
      ),
      account(
        'query.result',
        { 'query.name': failing.name },
        {
          'event.action': 'failed',
          'query.name': failing.name,
          'error.code': 'query.invalid',
          'error.message': 'no such table: unheard_of.',
          time: (at) => Number(at) <= nowUs(),
        },
      ),
    ];
  },
};

export const queryActs: readonly Act[] = [joined];
