/** The pages of the desk, and a look at all of them: what axe finds, what overflows, what the console says. */
import { join } from 'node:path';
import type { Test } from 'tap';
import { type RunningApi, startApi } from '../collector/api/start.ts';
import { axeProblems } from './axe.ts';
import { addEventOf, addEvents, addHosts, addRates, alerts, raise, raisedAgo, relate } from './scene.ts';
import { pictures, signIn, webRoot } from './visit.ts';

/** A collector with hosts, events, alerts and a story. */
export async function startDay(t: Test): Promise<RunningApi> {
  const api = await startApi(t, { webRoot: webRoot() });
  await addHosts(api);
  addEvents(api);
  addRates(api);
  const raised = [...alerts.map(([id, ago, over]) => raisedAgo(over, id, ago)), raisedAgo({}, 'a-shell', 14)];
  for (const alert of raised) addEventOf(api, alert);
  await raise(api, ...raised);
  await relate(api, 'a-cred', 'a-dl', 'a-shell');
  return api;
}

/** Each with something that is there once the page is. */
const shown = [
  ['overview', '/', 'Newest open alerts'],
  ['alerts', '/alerts', 'Download piped into a shell'],
  ['alert', '/alerts/a-shell', 'Similar alerts'],
  ['no-alerts', '/alerts?status=closed', 'No alerts of this status'],
  ['hosts', '/hosts', 'ada-laptop'],
  ['host', '/hosts/h1', 'Why its risk is'],
  ['host-processes', '/hosts/h1?tab=processes', 'From stored events'],
  ['host-commands', '/hosts/h1?tab=commands', 'It was told nothing so far'],
  ['stories', '/stories', 'web-1'],
  ['story', '/stories/a-cred', 'as they were when the alerts were raised'],
  ['tree', '/tree?alert=a-shell', 'Process tree'],
  ['no-page', '/alerts/x/y', 'There is no such page'],
] as const;

/** Goes through all pages at a width, light and dark. */
export async function lookAtPages(t: Test, width: number, height: number): Promise<void> {
  const api = await startDay(t);
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page, faults } = await signIn(t, api, { viewport: { width, height }, colorScheme });
    for (const [name, path, words] of shown) {
      await page.goto(api.baseUrl + path);
      await page.locator('main').getByText(words).first().waitFor();
      if (path === '/') await page.locator('.chart canvas').waitFor();
      await page.screenshot({ path: join(pictures, `${name}-${width}-${colorScheme}.png`) });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      t.ok(overflow <= 0, `${name} does not scroll sideways (${overflow})`);
      t.same(await axeProblems(page), [], `${name}, ${colorScheme}`);
    }
    t.same(faults, []);
  }
}
