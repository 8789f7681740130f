/** The virtual table with 100,000 rows in a real browser. */

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { build } from 'vite';
import { axeProblems } from './axe.ts';
import { absent, executablePath } from './visit.ts';

const source = join(import.meta.dirname, 'table-page');
const web = join(import.meta.dirname, '../../collector/web');
const types: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript', css: 'text/css' };

let folder = '';
t.before(async () => {
  if (absent) return;
  folder = join(t.testdir(), 'page');
  await build({
    root: source,
    configFile: join(web, 'vite.config.ts'),
    logLevel: 'error',
    build: { outDir: folder },
  });
});

async function visitTable(t: Test): Promise<Page> {
  const server = createServer((request, response) => {
    const name = request.url === '/' ? 'index.html' : (request.url ?? '').slice(1);
    try {
      const body = readFileSync(join(folder, name));
      response.writeHead(200, { 'content-type': types[name.split('.').at(-1) ?? ''] ?? 'text/plain' });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  t.teardown(async () => {
    await browser.close();
    server.close();
  });
  const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.on('pageerror', (error) => t.error(error));
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.getByRole('row').nth(3).waitFor();
  return page;
}

const rows = (page: Page) => page.locator('.grid-body [role=row]');
const cells = (page: Page, column: number) => page.locator(`.grid-body [role=row] [data-column="${column}"]`);

t.test('100,000 rows scroll without drawing more than is seen', { skip: absent }, async (t) => {
  const page = await visitTable(t);
  const grid = page.getByRole('grid', { name: 'Rows' });
  t.equal(await grid.getAttribute('aria-rowcount'), '100001', 'with the head');
  t.equal(await grid.getAttribute('aria-colcount'), '3');
  const drawn = await rows(page).count();
  t.ok(drawn >= 15 && drawn < 60, `${drawn} rows are drawn`);
  const result = await page.evaluate(async () => {
    const box = document.querySelector('.grid-scroll') as HTMLElement;
    const frame = () => new Promise<number>((done) => requestAnimationFrame(done));
    let most = 0;
    let empty = 0;
    const scroll = async (moves: boolean) => {
      const lengths: number[] = [];
      let before = await frame();
      for (let i = 0; i < 120; i++) {
        if (moves) box.scrollTop += 400;
        const now = await frame();
        lengths.push(now - before);
        before = now;
        if (!moves) continue;
        const shown = document.querySelectorAll('.grid-body [role=row]');
        most = Math.max(most, shown.length);
        const { top, bottom } = box.getBoundingClientRect();
        const seen = [...shown].filter((row) => {
          const place = row.getBoundingClientRect();
          return place.bottom > top && place.top < bottom;
        });
        if (seen.length < 10) empty++;
      }
      return lengths.toSorted((a, b) => a - b);
    };
    const still = await scroll(false);
    const moving = await scroll(true);
    const middle = (list: readonly number[]) => list[Math.floor(list.length / 2)] ?? 0;
    return { most, empty, ratio: middle(moving) / middle(still), scrolled: box.scrollTop };
  });
  t.comment(`frames while scrolling take ${result.ratio.toFixed(2)} times those at rest`);
  t.ok(result.scrolled >= 48_000);
  t.ok(result.most < 60, `${result.most} rows at once at most`);
  t.equal(result.empty, 0, 'there were rows in sight in every frame');
  t.ok(result.ratio < 3, `frames while scrolling take ${result.ratio.toFixed(2)} times those at rest`);
  await page.evaluate(() => {
    const box = document.querySelector('.grid-scroll') as HTMLElement;
    box.scrollTop = box.scrollHeight;
  });
  await page.getByText('r99999', { exact: true }).waitFor();
  t.equal(await rows(page).last().getAttribute('aria-rowindex'), '100001');
});

t.test('it is a grid for the keyboard', { skip: absent }, async (t) => {
  const page = await visitTable(t);
  const grid = page.getByRole('grid', { name: 'Rows' });
  const active = page.locator('.grid-row.active');
  const activeCell = () =>
    page.evaluate(() => {
      const id = document.querySelector('[role=grid]')?.getAttribute('aria-activedescendant') ?? '';
      return document.getElementById(id)?.textContent;
    });
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await active.getByText('r1', { exact: true }).waitFor();
  await grid.focus();
  t.equal(await activeCell(), 'r1');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  t.match(await activeCell(), /^process 2/);
  await page.keyboard.press('Control+c');
  t.match(await page.evaluate(() => navigator.clipboard.readText()), /^process 2/, 'the cell is copied');
  await page.keyboard.press('Control+End');
  await active.getByText('r99999', { exact: true }).waitFor();
  await page.keyboard.press('Control+Home');
  await active.getByText('r0', { exact: true }).waitFor();
  await page.keyboard.press('PageDown');
  await active.waitFor();
  t.ok(Number(await active.getAttribute('aria-rowindex')) > 10);
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('Space');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await page.getByRole('heading', { name: '3 selected' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'opened r2' }).waitFor();
  await rows(page).nth(5).click();
  await page.getByRole('heading', { name: 'opened r5' }).waitFor();
  t.same(await axeProblems(page), []);
});

t.test('columns are sorted, chosen, widened and kept', { skip: absent }, async (t) => {
  const page = await visitTable(t);
  const head = (name: string) => page.getByRole('columnheader', { name });
  await head('Size').getByRole('button').click();
  await page.getByText('100002', { exact: true }).waitFor();
  t.equal(await head('Size').getAttribute('aria-sort'), 'descending', 'the largest first');
  await head('Size').getByRole('button').click();
  await cells(page, 2).first().getByText('0', { exact: true }).waitFor();
  t.same((await cells(page, 2).allTextContents()).slice(0, 4), ['0', '1', '2', '3']);
  await page.getByRole('button', { name: 'Choose columns' }).click();
  await page.getByRole('checkbox', { name: 'More' }).check();
  await page.getByRole('checkbox', { name: 'Key' }).uncheck();
  await page.keyboard.press('Escape');
  t.equal(await page.getByRole('grid').getAttribute('aria-colcount'), '3');
  await page.getByText('more 0', { exact: true }).waitFor();
  const edge = page.getByRole('separator', { name: 'Width of Size' });
  await edge.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  t.equal(await edge.getAttribute('aria-valuenow'), '152');
  await page.reload();
  await rows(page).first().waitFor();
  t.equal(await page.getByRole('separator', { name: 'Width of Size' }).getAttribute('aria-valuenow'), '152');
  t.equal(await head('Key').count(), 0);
  await page.getByRole('button', { name: 'Choose columns' }).click();
  await page.getByRole('button', { name: 'As they were' }).click();
  await head('Key').waitFor();
  t.equal(await page.getByRole('separator', { name: 'Width of Size' }).getAttribute('aria-valuenow'), '120');
});

t.test('cells are text, all of it seen', { skip: absent }, async (t) => {
  const page = await visitTable(t);
  const text = (await cells(page, 1).first().textContent()) ?? '';
  t.match(text, /U\+202E <b>x<\/b>/);
  t.equal(await page.locator('.grid-body b').count(), 0);
});
