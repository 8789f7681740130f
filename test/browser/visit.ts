/** A browser that visits the dashboard as somebody would. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { Test } from 'tap';
import { build } from 'vite';
import type { RunningApi } from '../collector/api/start.ts';

export const executablePath = process.env['VEDETTE_CHROMIUM'] ?? '/usr/bin/chromium';
export const pictures = process.env['VEDETTE_PICTURES'] ?? join(import.meta.dirname, '../../.tap/pictures');
const web = join(import.meta.dirname, '../../collector/web');
export const absent = existsSync(executablePath) ? false : `no browser at ${executablePath}`;

let built = '';

/** Builds the dashboard, once for all tests of a file. */
export async function buildWeb(t: Test): Promise<void> {
  if (absent) return;
  mkdirSync(pictures, { recursive: true });
  built = join(t.testdir(), 'web');
  await build({
    root: web,
    configFile: join(web, 'vite.config.ts'),
    logLevel: 'error',
    build: { outDir: built },
  });
}

/** The folder of the built dashboard. */
export const webRoot = () => built;

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors the page logged or threw, and requests that left for elsewhere. */
  readonly faults: string[];
}

export async function visit(
  t: Test,
  api: RunningApi,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<Visit> {
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  t.teardown(() => browser.close());
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    timezoneId: 'Europe/Berlin',
    ...options,
  });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(api.baseUrl)) faults.push(`request to ${request.url()}`);
  });
  page.setDefaultTimeout(10_000);
  return { page, context, faults };
}

export async function signIn(
  t: Test,
  api: RunningApi,
  options: Parameters<Browser['newContext']>[0] = {},
  role: 'admin' | 'viewer' = 'admin',
) {
  const visited = await visit(t, api, options);
  const { url } = await api.deps.auth.createSignInLink(api.baseUrl, { name: 'ada', role });
  await visited.page.goto(url);
  await visited.page.getByRole('heading', { name: 'Overview' }).waitFor({ state: 'attached' });
  await visited.page.locator('.connection.live').waitFor();
  return visited;
}
