/** The routes under /api of a real collector: what is reported is stored, looked at by rules, and found again. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { startTestCollector } from '../start.ts';

interface Log {
  readonly id: string;
  readonly timestamp: string;
  readonly user_id: string | null;
  readonly ip_address: string | null;
  readonly action: string;
  readonly file_name: string | null;
  readonly database_query: string | null;
}
type Threats = {
  message: string;
  'Total no of Threats detected': number;
  threats: Record<string, { user_id: string; threat_type: string; severity: string; file_name: string }>;
};

const table = `timestamp,user_id,ip_address,action,file_name,database_query,comment
2026-03-26T00:04:00Z,employee7,192.168.1.10,file_access,/confidential/design.pdf,,x
2026-03-26T00:07:00Z,root,192.168.1.10,database_query,,"DROP TABLE transactions;",y
2026-03-26T00:08:00Z,guest99,,login,,,"a, b"
`;

t.test('logs and threats', async (t) => {
  const site = await startTestCollector(t);
  const authorization = `Bearer ${readFileSync(site.collector.tokenFile, 'utf8').trim()}`;
  const ask = async <T>(method: string, path: string, body?: BodyInit, type = 'application/json') => {
    const answer = await fetch(`${site.collector.api}${path}`, {
      method,
      headers: { authorization, ...(body !== undefined && type !== '' && { 'content-type': type }) },
      ...(body !== undefined && { body }),
    });
    return { status: answer.status, link: answer.headers.get('link'), json: (await answer.json()) as T };
  };

  await t.test('a log is stored and found by id, user, address and time', async (t) => {
    const log = {
      user_id: 'user1',
      ip_address: '172.16.0.9',
      action: 'network_request',
      file_name: '/logs/system.log',
    };
    const made = await ask<Log>('POST', '/api/logs', JSON.stringify({ ...log, database_query: '' }));
    t.equal(made.status, 201);
    t.match(made.json, { ...log, database_query: null });
    t.same((await ask<Log>('GET', `/api/logs/${made.json.id}`)).json, made.json);
    const search = async (asked: object) =>
      (await ask<Log[]>('POST', '/api/logs/search', JSON.stringify(asked))).json.map(({ id }) => id);
    t.same(await search({ userId: 'user1' }), [made.json.id]);
    t.same(await search({ userId: 'user1', ipAddress: '172.16.0.9', timestamp: '2026-01-01T00:00:00Z' }), [
      made.json.id,
    ]);
    t.same(await search({ userId: 'user1', timestamp: '2100-01-01T00:00:00Z' }), []);
    t.same(await search({ userId: 'user1', ipAddress: '172.16.0.8' }), []);
    const ingested = await ask<{ id: string }>(
      'POST',
      '/api/ingest',
      JSON.stringify({
        source_ip: '192.168.1.100',
        content: { timestamp: '2026-03-14T12:00:00Z', event_type: 'connection', protocol: 'TCP', more: [1] },
      }),
    );
    t.equal(ingested.status, 201);
    const { json: event } = await ask<Record<string, unknown>>('GET', `/api/v1/events/${ingested.json.id}`);
    t.match(event, {
      ...{ 'event.dataset': 'external', 'source.ip': '192.168.1.100', 'event.category': 'connection' },
      ...{ 'network.transport': 'tcp', 'log.source': 'cli', 'host.name': 'api' },
    });
    t.equal(JSON.parse(String(event['event.original'])).more[0], 1);
    const first = await ask<Log[]>('GET', '/api/logs?limit=1');
    t.equal(first.json.length, 1);
    const next = /^<(\S+)>; rel="next"$/.exec(first.link ?? '')?.[1] ?? '';
    const second = await ask<Log[]>('GET', `${next}&limit=1`);
    t.not(second.json[0]!.id, first.json[0]!.id);
  });

  await t.test('a table is looked at by the rules, as it is and as a form', async (t) => {
    const { json } = await ask<Threats>('POST', '/api/threats', table, 'text/csv');
    t.match(json, { message: 'Threats detected', 'Total no of Threats detected': 2 });
    const found = Object.values(json.threats).sort((a, b) => (a.severity < b.severity ? -1 : 1));
    t.match(found, [
      { user_id: 'root', severity: 'High', threat_type: /^Database told to drop/ },
      { user_id: 'employee7', severity: 'Medium', file_name: '/confidential/design.pdf' },
    ]);
    const [id] = Object.keys(json.threats);
    t.match((await ask('GET', `/api/threats/${id}`)).json, { id });
    const ofRoot = await ask<{ user_id: string }[]>(
      'POST',
      '/api/threats/search',
      JSON.stringify({ userId: 'root' }),
    );
    t.match(ofRoot.json, [{ user_id: 'root' }]);
    t.equal((await ask<object[]>('GET', '/api/threats')).json.length, 2);
    const form = new FormData();
    form.set('file', new Blob([table.replaceAll('employee7', 'employee8')]), 'logs.csv');
    const again = await ask<Threats>('POST', '/api/threats', form, '');
    t.ok(Object.values(again.json.threats).some(({ user_id }) => user_id === 'employee8'));
    const empty = new FormData();
    empty.set('name', 'no file');
    t.match(await ask('POST', '/api/threats', empty, ''), { status: 400, json: { code: 'api.invalid' } });
    const calm = 'action,user_id\nlogin,ann\n';
    t.match((await ask<Threats>('POST', '/api/threats', calm, 'text/csv')).json, {
      ...{ message: 'No threats detected', 'Total no of Threats detected': 0, threats: {} },
    });
    const long = `action\n${'login\n'.repeat(10_001)}`;
    t.match(await ask('POST', '/api/threats', long, 'text/csv'), { status: 413 });
    t.match(await ask('POST', '/api/threats', 'x'.repeat(9 * 1024 ** 2), 'text/csv'), { status: 413 });
    const wide = new FormData();
    wide.set('file', new Blob(['x'.repeat(9 * 1024 ** 2)]), 'logs.csv');
    t.match(await ask('POST', '/api/threats', wide, ''), { status: 413 });
  });

  await t.test('the ledger counts what came through the API', async (t) => {
    const { json } = await ask<{ hosts: Record<string, unknown>[] }>('GET', '/api/v1/status');
    t.match(json.hosts, [{ hostName: 'api', connected: false, lost: 0, unaccounted: 0 }]);
    t.equal(json.hosts[0]!['stored'], json.hosts[0]!['collected']);
  });

  await t.test('no agent is missed', async (t) => {
    t.match(await ask('GET', '/health/agents'), { json: { status: 'ok' } });
  });

  await t.test('an analysis in a few fields', async (t) => {
    t.match(await ask('GET', '/analysis/user/'), { status: 200, json: [] });
  });
});
