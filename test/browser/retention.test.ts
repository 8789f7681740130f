/** How long events are kept, set in the dashboard: what goes is named, and takes a word. */
import t from 'tap';
import { accessOf, Client } from '../../collector/cli/client.ts';
import type { CollectorStatus } from '../../collector/store/contract.ts';
import { until } from '../collector/alerts/site.ts';
import { axeProblems } from './axe.ts';
import { absent, startProduct } from './product.ts';

t.test('shorter retention tells what it deletes', { skip: absent }, async (t) => {
  const product = await startProduct(t, 'collector', { sealEvents: 1000, sealMs: 1000 });
  const { api } = product.server.addresses;
  const client = new Client(accessOf(product.data));
  const sealed = async () => (await client.get<CollectorStatus>('/status')).storage.segments.events;
  await until('something is sealed', async () => {
    await client.call('POST', '/../../api/logs', {}, { action: 'file_access', user_id: 'ann' });
    return (await sealed()) > 0;
  });
  const { page } = await product.page();
  await page.goto(product.signIn);
  await page.getByRole('heading', { name: 'Overview' }).waitFor({ state: 'attached' });
  await page.goto(`${api}/settings/storage`);
  const days = page.getByLabel('Days events are kept');
  await days.waitFor();
  t.equal(await days.inputValue(), '90');

  await page.getByLabel('Other days for some types').fill('login=ever');
  await page.getByText('“login=ever” is not TYPE=DAYS.').waitFor();
  t.ok(await page.getByRole('button', { name: 'Save' }).isDisabled());
  await page.getByLabel('Other days for some types').fill('login=400');
  await days.fill('120');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  await page.getByText('Set here.').first().waitFor();

  await page.getByLabel('Room for sealed events').fill('0.000001');
  await page.getByRole('button', { name: 'Save' }).click();
  const dialog = page.getByRole('dialog', { name: 'Keep events for less long' });
  await dialog.getByText(/external: \d+/).waitFor();
  const go = dialog.getByRole('button', { name: /^Delete \d+ events$/ });
  t.ok(await go.isDisabled(), 'not by a click alone');
  await product.picture(page, 'settings-retention');
  t.same(await axeProblems(page), []);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  t.ok((await sealed()) > 0, 'nothing went');

  await page.getByRole('button', { name: 'Save' }).click();
  await dialog.getByLabel('Write “delete” to go on').fill('delete');
  await go.click();
  await page.getByText('Saved.').waitFor();
  await until('what was sealed is gone', async () => (await sealed()) === 0);
  t.same(product.faults, []);
});
