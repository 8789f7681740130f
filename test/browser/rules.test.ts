/** Rules in a real browser over the product as it runs: found, written, tested, run over what is stored, pushed. */
import t from 'tap';
import { vedette } from '../vedette.ts';
import { absent, startProduct, write } from './product.ts';

const shell = '7e53e671-5e75-4365-a20b-ae97c451ffb0';

t.test('a rule from the list to the hosts', { skip: absent }, async (t) => {
  const product = await startProduct(t);
  const { page } = await product.page();
  const { api } = product.server.addresses;
  await page.goto(product.signIn);
  await page.getByRole('heading', { name: 'Overview' }).waitFor({ state: 'attached' });
  const rule = page.getByRole('textbox', { name: 'Rule', exact: true });

  await t.test('the list finds it', async (t) => {
    await page.getByRole('link', { name: 'Rules' }).click();
    await page.getByText(/^(\d{2,}) of \1$/).waitFor();
    await product.picture(page, 'rules');
    await page.getByLabel('Search rules').fill('reverse t1059.004');
    await page.getByText(/^1 of \d{2,}$/).waitFor();
    await page.getByRole('combobox', { name: 'Level' }).selectOption('critical');
    await page.getByText('No rule fits').waitFor();
    await page.getByRole('combobox', { name: 'Level' }).selectOption('');
    await page.waitForURL(/search=reverse/);
    await page.getByRole('link', { name: 'Reverse shell', exact: true }).click();
    await page.getByText('Nothing is wrong with it.').waitFor();
    await page.getByText(/^\d+ of \d+ passed$/).waitFor();
    t.equal(await page.getByRole('button', { name: 'Push…' }).isDisabled(), true, 'nothing is changed yet');
  });

  await t.test('what is wrong with it is shown where it is', async (t) => {
    const { text } = (await (await page.request.get(`${api}/api/v1/rules/${shell}`)).json()) as {
      readonly text: string;
    };
    await write(page, 'Rule', text.replace('condition:', 'conditional:'));
    await page.locator('.problems .error').first().waitFor();
    await page.locator('.cm-lintRange-error').first().waitFor();
    await product.picture(page, 'rule-refused');
    await page.getByRole('button', { name: 'Undo all' }).click();
    await page.getByText('Nothing is wrong with it.').waitFor();
    await write(page, 'Rule', text.replace('title: Reverse shell', 'title: Shell that calls home'));
    await page.locator('.difference .new').getByText('title: Shell that calls home').waitFor();
    t.equal(await page.locator('.difference .gone').count(), 1);
    await page.getByText('Nothing is wrong with it.').waitFor();
    await page.getByRole('button', { name: 'Run over stored events' }).click();
    await page
      .locator('.backtest')
      .getByText(/\d+ alerts in [\d,]+ events/)
      .waitFor();
    await product.picture(page, 'rule');
  });

  await t.test('pushed, it is in force everywhere', async (t) => {
    await page.getByRole('button', { name: 'Push…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Push' });
    await dialog.getByText('It compiles').waitFor();
    await dialog.getByText(/tests pass/).waitFor();
    await dialog.getByText(/in the backtest/).waitFor();
    await product.picture(page, 'push');
    await dialog.getByLabel('Which hosts, in which order').selectOption('own');
    await dialog.getByRole('textbox', { name: /^Stages/ }).fill('*, everyone');
    await dialog.getByLabel('Minutes that each stage is watched').fill('60');
    await dialog.getByRole('button', { name: 'Push' }).click();
    await page.getByRole('heading', { name: 'Bundle 1', level: 2 }).waitFor();
    await page.getByText('1 of 1 run it').waitFor();
    await page
      .locator('.stages .now')
      .getByText(/watched for another \d+:\d\d/)
      .waitFor();
    await product.picture(page, 'rollout');
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.locator('.rollout .tag').getByText('paused').waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.locator('.rollout .tag').getByText('running').waitFor();
    await page.getByRole('button', { name: 'Roll back' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click();
    await page.locator('.rollout .tag').getByText('rolled back').waitFor();

    await page.goto(`${api}/rules/${shell}`);
    const { text } = (await (await page.request.get(`${api}/api/v1/rules/${shell}`)).json()) as {
      readonly text: string;
    };
    t.match(text, 'title: Reverse shell', 'the one before is in force');
    await rule.waitFor();
    await write(page, 'Rule', text.replace('title: Reverse shell', 'title: Shell that calls home'));
    await page.getByText('Nothing is wrong with it.').waitFor();
    await page.getByRole('button', { name: 'Push…' }).click();
    await dialog.getByLabel('Which hosts, in which order').selectOption('own');
    await dialog.getByRole('textbox', { name: /^Stages/ }).fill('everyone');
    await dialog.getByLabel('Minutes that each stage is watched').fill('0');
    await dialog.getByRole('button', { name: 'Push' }).click();
    await page.locator('.rollout .tag').getByText('done').waitFor();
    await page.goto(`${api}/rules/${shell}`);
    await page.getByRole('heading', { name: 'Shell that calls home' }).waitFor();
    await page.getByText(/^\d+ of \d+ passed$/).waitFor();
    t.match(await page.locator('.rule-where').textContent(), 'rules/starter-pack/reverse-shell.yml');
  });

  await t.test('completion of a new rule; what rules cover', async (t) => {
    await page.goto(`${api}/rules/new`);
    await write(page, 'Rule', 'logsource:\n  category: process_creation\ndetection:\n  s:\n    Comman');
    await page.keyboard.type('d');
    await page
      .getByRole('option', { name: /^CommandLine/ })
      .first()
      .waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.type('Line|conta');
    await page
      .getByRole('option', { name: /^contains/ })
      .first()
      .waitFor();
    await product.picture(page, 'rule-completion');
    await page.goto(`${api}/rules/coverage`);
    await page.getByRole('heading', { name: 'execution', exact: true }).waitFor();
    await page
      .getByRole('button', { name: /^T1059\.004/ })
      .first()
      .click();
    await page.getByRole('dialog').getByRole('link', { name: 'Shell that calls home' }).waitFor();
    await product.picture(page, 'coverage');
    t.equal(vedette('rules', 'status', '--data', product.data).status, 0);
  });
  t.same(product.faults, []);
});
