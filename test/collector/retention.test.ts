/** How long events are kept, set while a collector runs: nothing goes that nobody confirmed. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import type { RetentionJson, RetentionPreviewJson } from '../../collector/api/resources/retention.ts';
import { accessOf, Client } from '../../collector/cli/client.ts';
import { isShorter } from '../../collector/retention.ts';
import type { CollectorStatus } from '../../collector/store/contract.ts';
import { tempFolder } from '../temp.ts';
import { Server, vedette, vedetteJson } from '../vedette.ts';
import { until } from './alerts/site.ts';

const path = '/settings/retention';
type Refusal = { readonly code: string };

t.test('shorter is whatever keeps any event for less long', async () => {
  const days = fc.integer({ min: 0, max: 5 });
  const one = fc.record({
    days,
    daysByType: fc.dictionary(fc.constantFrom('login', 'dns.query'), days),
    maxBytes: fc.integer({ min: 0, max: 3 }),
  });
  const age = (kept: number) => (kept === 0 ? 1e9 : kept);
  fc.assert(
    fc.property(one, one, (before, next) => {
      const loses = Object.keys(eventSpecs).some(
        (type) => age(next.daysByType[type] ?? next.days) < age(before.daysByType[type] ?? before.days),
      );
      return isShorter(before, next) === (loses || age(next.maxBytes) < age(before.maxBytes));
    }),
  );
});

t.test('it is set while running, told before, and kept', async (t) => {
  const folder = tempFolder(t);
  writeFileSync(
    join(folder, 'collector.json'),
    JSON.stringify({ retentionDays: 30, sealEvents: 1000, sealMs: 1000 }),
  );
  const start = async () => {
    const server = await Server.start(t, 'collector', '--data', folder, '--port', '0', '--agent-port', '0');
    return { server, client: new Client(accessOf(folder)) };
  };
  const { client, server } = await start();
  const state = () => client.get<RetentionJson>(path);
  t.match(await state(), {
    inForce: { days: 30, daysByType: {}, maxBytes: 0 },
    from: { days: 'configured', daysByType: 'default', maxBytes: 'default' },
    ...{ changedAt: null, changedBy: null, goes: { segments: 0, events: 0 } },
  });
  const stored = async () => {
    const { storage } = await client.get<CollectorStatus>('/status');
    return storage.segments;
  };
  // The newest batch stays in the journal, so there is always one more than is sealed.
  const sealed = await until('something is sealed', async () => {
    await client.call('POST', '/../../api/logs', {}, { action: 'file_access', user_id: 'ann' });
    const segments = await stored();
    return segments.events > 0 && segments;
  });
  const room = { maxBytes: 1 };
  const preview = await client.call<RetentionPreviewJson>('POST', `${path}/preview`, {}, room);
  t.match(preview, { isShorter: true, inForce: { days: 30, maxBytes: 1 } });
  t.ok(preview.goes.events >= sealed.events);
  t.ok(preview.goes.sizeBytes > 0);
  t.equal(preview.goes.keptSince, null);
  t.equal((await state()).inForce.maxBytes, 0, 'a preview changes nothing');

  const refused = { code: 'retention.unconfirmed' } satisfies Refusal;
  await t.rejects(client.call('PUT', path, {}, room), refused);
  await t.rejects(
    client.call('PUT', path, {}, { ...room, mayDeleteEvents: preview.goes.events - 1 }),
    refused,
  );
  await t.rejects(client.call('PUT', path, {}, { days: 29 }), refused, 'nor where nothing would go yet');
  t.ok((await stored()).events >= sealed.events, 'nothing went');

  const run = vedette('retention', 'set', '--max-bytes', '1', '--data', folder);
  t.equal(run.status, 1);
  t.match(run.stderr, /would go: \d+ events in \d+ segments.*--may-delete \d+/s);
  const done = vedetteJson<RetentionJson>(
    ...['retention', 'set', '--max-bytes', '1', '--may-delete', '1000000', '--data', folder],
  );
  t.match(done, { inForce: { days: 30, maxBytes: 1 }, from: { days: 'configured', maxBytes: 'set' } });
  await until('what was sealed is gone', async () => (await stored()).events < sealed.events);

  const longer = await client.call<RetentionJson>('PUT', path, {}, { days: 400, daysByType: { login: 800 } });
  t.match(
    longer,
    {
      inForce: { days: 400, daysByType: { login: 800 }, maxBytes: 0 },
      from: { days: 'set', daysByType: 'set', maxBytes: 'default' },
    },
    'keeping more needs no confirmation',
  );
  const { items } = await client.get<{ items: { action: string; detail: Record<string, unknown> }[] }>(
    '/audit',
  );
  const [last, before] = items.filter(({ action }) => action === 'retention.set');
  t.match(last, { detail: { beforeMaxBytes: 1, afterDays: 400, afterDaysByType: 'login=800' } });
  t.ok((before?.detail['events'] as number) >= sealed.events, 'what went is in the audit log');

  await server.end('SIGTERM');
  const again = await start();
  t.match(await again.client.get(path), { inForce: { days: 400 }, from: { days: 'set' } });
  await t.rejects(again.client.call('PUT', path, {}, {}), refused, 'back to what is configured is shorter');
  await again.client.call('PUT', path, {}, { mayDeleteEvents: 0 });
  t.match(await again.client.get(path), {
    inForce: { days: 30, daysByType: {} },
    from: { days: 'configured' },
  });
});
