/** The product as it runs, visited by a browser: a collector with an agent on this machine, and agents beside it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page, type Request } from 'playwright-core';
import type { Test } from 'tap';
import { tempFolder } from '../temp.ts';
import { launcher, Server, top, vedetteJson } from '../vedette.ts';
import { pictures } from './visit.ts';

const executablePath = process.env['VEDETTE_CHROMIUM'] ?? '/usr/bin/chromium';
/** For answers that real hosts, files and processes give, on machines that are busy. */
const patienceMs = 60_000;

export interface Product {
  readonly server: Server;
  readonly data: string;
  /** Signs in as the first administrator, once. */
  readonly signIn: string;
  readonly browser: Browser;
  /** Errors the pages logged or threw, and requests that left for elsewhere. */
  readonly faults: string[];
  /** A page in a browser of its own, as of somebody else. */
  page(options?: Parameters<Browser['newContext']>[0]): Promise<{ page: Page; context: BrowserContext }>;
  picture(page: Page, name: string): Promise<void>;
}

/** Refusals that a test asks for are errors to the console as well. */
const refusal = /status of (?:400|401|403|404|409|429) /;

/** `settings` stand in its `collector.json`. */
export async function startProduct(
  t: Test,
  command: 'up' | 'collector' = 'up',
  settings: Readonly<Record<string, unknown>> = {},
): Promise<Product> {
  mkdirSync(pictures, { recursive: true });
  const data = tempFolder(t);
  writeFileSync(join(data, 'collector.json'), JSON.stringify(settings));
  const server = await Server.start(t, command, '--port', '0', '--agent-port', '0', '--data', data);
  const { url: signIn } = vedetteJson<{ readonly url: string }>('sign-in', '--data', data);
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  t.teardown(() => browser.close());
  const faults: string[] = [];
  return {
    ...{ server, data, signIn, browser, faults },
    async page(options = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
      const page = await context.newPage();
      page.on('console', (message) => {
        if (message.type() === 'error' && !refusal.test(message.text())) faults.push(message.text());
      });
      page.on('pageerror', (error) => faults.push(String(error)));
      const unanswered = new Set<Request>();
      page.on('requestfinished', (request) => unanswered.delete(request));
      page.on('requestfailed', (request) => unanswered.delete(request));
      t.teardown(() => {
        if (t.passing()) return;
        for (const one of unanswered) console.error(`Error: no answer to ${one.method()} ${one.url()}`);
      });
      page.on('request', (request) => {
        unanswered.add(request);
        const url = request.url();
        if (!url.startsWith(server.addresses.api) && !url.startsWith('blob:'))
          faults.push(`request to ${url}`);
      });
      page.setDefaultTimeout(patienceMs);
      return { page, context };
    },
    async picture(page, name) {
      await page.screenshot({ path: join(pictures, `${name}.png`) });
    },
  };
}

export const absent = existsSync(executablePath) ? false : `no browser at ${executablePath}`;

let agents = 0;

/** An agent of its own, which enrols with a token as the dashboard shows it. */
export function startAgent(t: Test, command: string): ChildProcess {
  const data = tempFolder(t);
  const words = command.replaceAll('vedette ', `${process.execPath} ${launcher} `);
  const env = {
    ...process.env,
    ...{ NODE_OPTIONS: '', NODE_V8_COVERAGE: undefined, VEDETTE_DATA: data },
    VEDETTE_INSTANCE: `browser-${process.pid}-${agents++}`,
  };
  const child = spawn('/bin/sh', ['-c', words], { cwd: top, env, stdio: 'ignore', detached: true });
  t.teardown(() => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  });
  return child;
}

/** Replaces the whole text of an editor, as somebody would who types. */
export async function write(page: Page, label: string, text: string): Promise<void> {
  const editor = page.getByRole('textbox', { name: label, exact: true });
  // Not by a click: a list of completions may lie over it.
  await page.keyboard.press('Escape');
  await editor.focus();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(text);
}
