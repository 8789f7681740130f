/** 100,000 identical hits in a minute: one alert, the right count, and a collector that goes on answering. */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { AlertJson } from '../../../collector/api/json/alert.ts';
import { AlertSite, failedLogin, oddProgram, until } from './site.ts';

const hits = 100_000;

t.test('one alert with the right count, whatever is killed meanwhile', async (t) => {
  const site = await AlertSite.open(t);
  const noisy = await site.host('noisy');
  const quiet = await site.host('quiet');
  const begin = Date.now() * 1000 - 60e6;
  const emit = async () => {
    for (let i = 0; i < hits; i++) {
      noisy.delivery.emit(failedLogin(begin + i * 600, 'ada', { 'source.port': 1024 + (i % 60_000) }));
      // Whatever else this process does, such as reading answers, has its turn.
      if (i % 500 === 0) await sleep(1);
    }
    noisy.delivery.flush();
  };
  const emitting = emit();
  const countOf = async () => (await site.alerts(1)).reduce((sum, { count }) => sum + count, 0);
  await until('the first hits', async () => (await countOf()) > 1000);
  quiet.delivery.emit(oddProgram(Date.now() * 1000, 4711, 'eve'));
  const other = await until('the alert of another host', async () => (await site.alerts(2))[0]);
  t.match(other, { hostId: quiet.id, count: 1 });
  t.ok((await countOf()) < hits, 'it came while the others were still coming');
  await site.killAndStart();
  await until('more hits', async () => (await countOf()) > 30_000);
  await site.killAndStart();
  await emitting;
  await until('all hits', async () => (await countOf()) >= hits);
  await until('the end of detection', async () => {
    const { detection, journal } = await site.client.get<{
      detection: { lagBatches: number };
      journal: { events: number };
    }>('/status');
    return detection.lagBatches === 0 && journal.events > hits;
  });
  const [alert, ...more] = await site.alerts(1);
  t.same(more, []);
  t.match(alert, { count: hits, hostId: noisy.id, status: 'open', response: 'Look who it was.' });
  const { eventIds, samples } = (await site.client.get<AlertJson>(
    `/alerts/${alert?.id}`,
  )) satisfies AlertJson;
  t.equal(eventIds.length, 100);
  t.equal(new Set(eventIds).size, 100);
  t.same(
    samples.map(({ values, others }) => values.reduce((sum, { count }) => sum + count, others)),
    samples.map(() => hits),
    'each hit is in the sample of every field',
  );
});
