/** Groups of hosts: kept, known of each host, and understood wherever hosts are named. */
import t from 'tap';
import { isMeantBy } from '../../../collector/fleet/host-pattern.ts';
import { hostsOf, parseStages } from '../../../collector/rollout/stages.ts';
import { withHostIds } from '../../../collector/store/events/filter-scope.ts';
import { parseFilter } from '../../../shared/filter/parse.ts';
import { startTestCollector } from '../start.ts';

t.test('a pattern means hosts by id, name or group', async (t) => {
  const host = { id: 'a1', hostname: 'web-1', groups: ['frontend', 'prod'] };
  for (const pattern of ['all', 'a1', 'web-1', 'web-*', 'group:prod', 'group:front*', '*'])
    t.ok(isMeantBy(host, pattern), pattern);
  for (const pattern of ['a2', 'prod', 'group:', 'group:db', 'group:web-1', 'web'])
    t.notOk(isMeantBy(host, pattern), pattern);
  t.notOk(isMeantBy({ id: 'a1', hostname: 'web-1' }, 'group:*'), 'in no group');
});

t.test('stages and searches take groups', async (t) => {
  const hosts = [
    { id: 'a1', hostname: 'web-1', groups: ['canary'] },
    { id: 'a2', hostname: 'web-2' },
    { id: 'a3', hostname: 'db-1', groups: ['canary', 'prod'] },
  ];
  const stages = parseStages(['group:canary', 'everyone']);
  t.same([...hostsOf(stages.slice(0, 1), hosts, 'd')].sort(), ['a1', 'a3']);
  const parsed = parseFilter('host:"group:prod" process.name:curl');
  if (!parsed.ok) throw new Error(parsed.problem.message);
  t.match(JSON.stringify(withHostIds(parsed.value, hosts)), /"ids":\["a3"\]/);
});

t.test('a group through the API', async (t) => {
  const { client, enrol } = await startTestCollector(t);
  const ids = [
    await enrol({ hostname: 'one', os: 'linux' }),
    await enrol({ hostname: 'two', os: 'linux' }),
  ].map(({ hostId }) => hostId);
  const put = (name: string, hosts: readonly string[]) =>
    client.call<{ hosts: string[] }>('PUT', `/groups/${name}`, {}, { hosts, description: 'first' });
  t.same((await put('web', [ids[0]!, ids[0]!])).hosts, [ids[0]], 'each once');
  await put('prod', ids);
  t.match(await client.get(`/hosts/${ids[0]}`), { groups: ['prod', 'web'] });
  const { items } = await client.get<{ items: { id: string; groups?: string[] }[] }>('/hosts');
  t.same(items.find(({ id }) => id === ids[1])?.groups, ['prod']);
  t.same((await put('web', [])).hosts, [], 'said anew');
  await t.rejects(put('web', ['0'.repeat(16)]), { code: 'api.invalid' });
  await t.rejects(client.call('POST', '/queries', {}, { sql: 'SELECT 1', hosts: ['group:nothing'] }), {
    code: 'query.no_host',
  });
  const query = await client.call<{ hosts: number | object }>(
    'POST',
    '/queries',
    {},
    {
      sql: 'SELECT 1',
      hosts: ['group:prod'],
    },
  );
  t.ok(query);
  await client.call('DELETE', '/groups/prod');
  await t.rejects(client.get('/groups/prod'), { code: 'api.not_found' });
  t.equal((await client.get<{ groups?: string[] }>(`/hosts/${ids[0]}`)).groups, undefined);
  const audit = await client.get<{ items: { action: string }[] }>('/audit?limit=500');
  t.same(
    audit.items.filter(({ action }) => action.startsWith('group.')).map(({ action }) => action),
    ['group.remove', 'group.put', 'group.put', 'group.put'],
  );
});
