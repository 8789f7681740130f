/** The whole product as its user meets it: `up`, the link it prints, the dashboard, then `demo` in a terminal. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import t from 'tap';
import { tempFolder } from '../temp.ts';
import { Server, top } from '../vedette.ts';

const executablePath = process.env['VEDETTE_CHROMIUM'] ?? '/usr/bin/chromium';
const pictures = process.env['VEDETTE_PICTURES'] ?? join(top, '.tap/pictures');
const absent = existsSync(executablePath) ? false : `no browser at ${executablePath}`;

t.test('this host and the alerts of the demo appear without a reload', { skip: absent }, async (t) => {
  mkdirSync(pictures, { recursive: true });
  const data = tempFolder(t);
  const up = await Server.start(t, 'up', '--port', '0', '--agent-port', '0', '--data', data);
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  t.teardown(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
  const faults: string[] = [];
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(up.addresses.api)) faults.push(`request to ${request.url()}`);
  });
  page.setDefaultTimeout(20_000);
  await page.goto(up.addresses.signIn);
  await page.locator('.freshness li').first().waitFor();
  await page.evaluate(() => Object.assign(window, { isSamePage: true }));
  await page
    .getByRole('link', { name: /^Alerts/ })
    .first()
    .click();

  const demo = spawn(process.execPath, [join(top, 'scripts/vedette.mjs'), 'demo', '--json', '--data', data], {
    cwd: top,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  demo.stdout.on('data', (part: Buffer) => {
    said += part.toString();
  });
  const ended = once(demo, 'exit');
  const grid = page.getByRole('grid', { name: 'Alerts' });
  await grid.getByText('Reverse shell').first().waitFor();
  t.equal(await page.evaluate(() => 'isSamePage' in window), true, 'the page was not loaded again');
  t.equal((await ended)[0], 0, 'every act was alerted');
  const { summary } = JSON.parse(said) as { summary: { alerted: number } };
  for (const title of [
    'Encoded text decoded and run',
    'Connection to a listed address',
    'Set-uid program made',
  ]) {
    await grid.getByText(title).first().waitFor();
  }
  t.ok(summary.alerted >= 8);
  await page.waitForTimeout(3000);
  await page.screenshot({ path: join(pictures, 'first-light.png') });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.screenshot({ path: join(pictures, 'first-light-dark.png') });
  t.strictSame(faults, [], 'no errors on the console, no request to elsewhere');
});
