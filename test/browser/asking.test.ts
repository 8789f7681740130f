/** Searching, hunting, live queries and analyses over what this very machine tells, in a real browser. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { absent, startProduct, write } from './product.ts';

t.test('events, hunts, live queries, analyses', { skip: absent }, async (t) => {
  const product = await startProduct(t);
  const { page } = await product.page({ permissions: ['clipboard-read', 'clipboard-write'] });
  await page.goto(product.signIn);
  await page.getByRole('heading', { name: 'Overview' }).waitFor({ state: 'attached' });

  await t.test('events: how much when, of which type, each whole, and on from its values', async (t) => {
    await page.getByRole('link', { name: 'Events', exact: true }).first().click();
    await page.locator('.event-histogram canvas').waitFor();
    t.match(await page.locator('.event-histogram').getAttribute('aria-label'), /^[\d,]+ events from /);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page
      .getByRole('button', { name: /^process\.start/ })
      .first()
      .click();
    await page.waitForURL(/type=process\.start/);
    await page.waitForFunction(() =>
      [...document.querySelectorAll('table.events .event-type')].every(
        (one) => one.textContent === 'process.start',
      ),
    );
    await page.locator('table.events .event-type').first().click();
    const detail = page.getByRole('complementary', { name: 'Event detail' });
    await detail.getByRole('heading', { name: 'process.start' }).waitFor();
    const name = (await detail.locator('div:has(> dt:text-is("process.name")) dd .code').textContent()) ?? '';
    await detail.getByRole('button', { name: 'Most frequent values of process.name' }).click();
    await detail.locator('.top-values .figure').first().waitFor();
    await product.picture(page, 'events-detail');
    await detail.getByRole('button', { name: 'Only events with this process.name' }).click();
    await page.waitForURL(/filter=process\.name/);
    t.match(await page.getByRole('combobox', { name: 'Filter events' }).inputValue(), name);
    await page.waitForFunction(
      (told) =>
        /^[1-9]/.test(document.querySelector('[role=status].push-end')?.textContent ?? '') && told !== '',
      name,
    );
    await detail.getByRole('link', { name: 'Hunt this' }).click();
    await page.waitForURL(/\/hunts\?sql=/);
    await page.getByRole('textbox', { name: 'SQL' }).getByText('process.start').first().waitFor();
  });

  await t.test('a hunt: completion, where it is wrong, rows, chart, file, saved, by a link', async (t) => {
    await write(page, 'SQL', 'SELECT proces.name FROM process.start');
    await page.getByRole('button', { name: /^Run/ }).click();
    await page
      .getByRole('alert')
      .getByText(/There is no column proces\.name \(line 1, column 8\)/)
      .waitFor();
    await page.locator('.cm-lintRange-error').getByText('proces.name').waitFor();
    await product.picture(page, 'hunt-refused');

    const sql =
      'SELECT process.name, count(*) AS runs FROM process.start WHERE process.pid > $least GROUP BY ALL';
    await write(page, 'SQL', sql);
    await page.keyboard.press('Escape');
    await page.getByRole('textbox', { name: '$least' }).fill('0');
    await page.getByRole('button', { name: /^Run/ }).click();
    const rows = page.getByRole('region', { name: 'Rows found' });
    await rows.locator('tbody tr').nth(1).waitFor();
    await rows.getByRole('button', { name: 'runs' }).click();
    await rows.getByRole('button', { name: 'runs' }).click();
    t.equal(await rows.locator('th').nth(1).getAttribute('aria-sort'), 'descending');
    await rows
      .getByRole('button', { name: /open the row/ })
      .first()
      .click();
    await page.getByRole('dialog', { name: 'Row' }).getByText('runs').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Chart' }).click();
    await page.locator('.value-bars li').first().waitFor();
    await product.picture(page, 'hunt-chart');
    await page.getByRole('button', { name: 'Table' }).click();

    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'CSV', exact: true }).click();
    const file = await (await download).path();
    t.match(readFileSync(file, 'utf8'), /^"?process\.name"?,"?runs"?\r?\n/);

    await page.getByRole('button', { name: 'Save…' }).click();
    await page.getByRole('textbox', { name: 'Title' }).fill('Runs by program');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Runs by program', level: 1 }).waitFor();
    await page.reload();
    await page.getByRole('textbox', { name: 'SQL' }).getByText('count').first().waitFor();
    t.equal(await page.getByRole('textbox', { name: '$least' }).inputValue(), '0', 'with its parameters');
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByRole('button', { name: /^Runs by program/ }).waitFor({ state: 'detached' });

    await page.goto(
      `${product.server.addresses.api}/hunts?${new URLSearchParams({ sql: 'SELECT 42 AS answer' })}`,
    );
    await page.getByRole('textbox', { name: 'SQL' }).getByText('42').waitFor();
    t.equal(await page.locator('.grid').count(), 0, 'a link asks nothing by itself');
    await page.getByRole('textbox', { name: 'SQL' }).press('ControlOrMeta+Enter');
    await page.getByRole('cell', { name: '42' }).waitFor();
    await write(page, 'SQL', 'SELECT process.com');
    await page.keyboard.type('m');
    await page
      .getByRole('option', { name: /process\.command_line/ })
      .first()
      .waitFor();
    await product.picture(page, 'hunt-completion');
  });

  await t.test('a hundred thousand rows are few in the document', async (t) => {
    await page.goto(
      `${product.server.addresses.api}/hunts?${new URLSearchParams({ sql: 'SELECT range AS n FROM range(100000)' })}`,
    );
    await page.getByRole('combobox', { name: 'At most' }).selectOption('100000');
    await page.getByRole('button', { name: /^Run/ }).click();
    await page.getByText('100,000 rows in').waitFor();
    const rows = page.getByRole('region', { name: 'Rows found' });
    t.ok((await rows.locator('tr').count()) < 100);
    await rows.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await page.getByRole('cell', { name: /^99999\b/ }).waitFor();
  });

  await t.test('a long hunt is cancelled', async (t) => {
    await write(page, 'SQL', 'SELECT count(*) FROM range(100000000) a, range(100000) b');
    await page.getByRole('button', { name: /^Run/ }).click();
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByText(/^Cancelled/).waitFor();
    t.pass();
  });

  await t.test('a live query: rows with their host, and what a host refuses', async (t) => {
    await page.getByRole('link', { name: 'Live query' }).click();
    await write(
      page,
      'SQL',
      'SELECT name, pid, \'<img src=x onerror="window.owned=1">\' AS hostile FROM processes WHERE pid = 1',
    );
    await page.getByRole('button', { name: /^Ask/ }).click();
    const rows = page.getByRole('region', { name: 'Rows of hosts' });
    await rows.getByText('<img src=x onerror').waitFor();
    t.equal(await rows.locator('th').first().textContent(), 'host');
    t.equal(await page.locator('main img').count(), 0);
    t.equal(await page.evaluate(() => 'owned' in window), false);
    await page.getByText('1 of 1 answered').waitFor();
    await product.picture(page, 'live-query');
    await write(page, 'SQL', 'SELECT nothing FROM processes');
    await page.getByRole('button', { name: /^Ask/ }).click();
    await page
      .getByRole('alert')
      .getByText(/nothing/)
      .waitFor();

    await write(page, 'SQL', 'SELECT port FROM listening_ports');
    await page.getByRole('button', { name: 'Schedule this statement…' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('ports');
    await page.getByRole('button', { name: 'Schedule', exact: true }).click();
    await page.getByText('every 5 minutes, on all').waitFor();
    await page.getByRole('button', { name: 'Switch off' }).click();
    await page.getByText('switched off, on all').waitFor();
  });

  await t.test('an analysis says what was looked for', async (t) => {
    await page.getByRole('link', { name: 'Analyses' }).click();
    await page
      .getByText(/finding/)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Network', exact: true }).click();
    await page.waitForURL(/kind=network/);
    await page.locator('.check-list li').first().waitFor();
    await product.picture(page, 'analyses');
    t.pass();
  });
  t.same(product.faults, []);
});
