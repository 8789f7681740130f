/** Which hits an exception hides. */
import t from 'tap';
import type { EventRow } from '#shared/schema/columns.ts';
import {
  ExceptionSet,
  readExceptionFilter,
  subjectOfAlert,
} from '../../../collector/alerts/exception-set.ts';
import type { AlertException } from '../../../collector/store/contract.ts';

const exception = (id: string, over: Partial<AlertException>): AlertException => ({
  ...{
    id,
    ruleId: null,
    key: null,
    hosts: null,
    filter: '',
    reason: 'r',
    madeAt: 1,
    madeBy: 'ada',
    expiresAt: 100,
  },
  ...{ hits: 0, lastHitAt: null, lastHost: null, lastRule: null },
  ...over,
});

const alert = {
  ...{ ruleId: 'rule-1', key: 'k1', hostId: 'h1', hostName: 'web-1' },
  event: {
    ...{ type: 'network.connection', time: 1, 'destination.ip': '10.1.2.3', 'destination.port': 443 },
    ...{ 'process.executable': "/opt/it's/tool", 'user.name': 'backup' },
  } as EventRow,
};

const hides = (over: Partial<AlertException>, of: Partial<typeof alert> = {}, at = 50) =>
  new ExceptionSet([exception('x', over)]).idOf(subjectOfAlert({ ...alert, ...of }), at) === 'x';

t.test('by rule, entity and host', async (t) => {
  t.ok(hides({ ruleId: 'rule-1' }));
  t.notOk(hides({ ruleId: 'rule-2' }));
  t.ok(hides({ key: 'k1' }));
  t.notOk(hides({ key: 'k2' }));
  t.ok(hides({ hosts: 'WEB-*' }));
  t.ok(hides({ hosts: 'h1' }), 'by id');
  t.notOk(hides({ hosts: 'db-*' }));
  t.notOk(hides({ ruleId: 'rule-1', hosts: 'db-*' }), 'all of it must hold');
});

t.test('by what the event holds', async (t) => {
  for (const filter of [
    'user.name:backup',
    'destination.ip:10.0.0.0/8',
    'process.executable:*tool',
    'destination.port:[400 TO 500]',
    'type:network.*',
    'user.name:backup and not destination.port:80',
    `process.executable:"/opt/it's/tool"`,
  ])
    t.ok(hides({ filter }), filter);
  for (const filter of ['user.name:eve', 'destination.ip:192.168.0.0/16', 'type:login', 'not user.name:*'])
    t.notOk(hides({ filter }), filter);
  t.notOk(hides({ filter: 'user.name:backup' }, { event: { type: 'unheard.of', time: 1 } as EventRow }));
});

t.test('until it expires', async (t) => {
  t.ok(hides({ ruleId: 'rule-1' }, {}, 99));
  t.notOk(hides({ ruleId: 'rule-1' }, {}, 100));
});

t.test('of several the one made first counts it', async (t) => {
  const any = exception('any', { filter: 'user.name:*', madeAt: 5 });
  const own = exception('own', { ruleId: 'rule-1', madeAt: 7 });
  const subject = subjectOfAlert(alert);
  t.equal(new ExceptionSet([own, any]).idOf(subject, 50), 'any');
  t.equal(new ExceptionSet([{ ...own, madeAt: 3 }, any]).idOf(subject, 50), 'own');
  t.equal(
    new ExceptionSet([own, { ...any, expiresAt: 10 }]).idOf(subject, 50),
    'own',
    'one that expired does not',
  );
});

t.test('filters that cannot be kept', async (t) => {
  t.match(readExceptionFilter('host:web-1'), { ok: false, error: { code: 'filter.value' } });
  t.match(readExceptionFilter('user.name:('), { ok: false, error: { code: /^filter\./ } });
  t.match(readExceptionFilter('no.such.field:1'), { ok: false, error: { code: 'filter.unknown_field' } });
  t.match(readExceptionFilter(''), { ok: true });
});
