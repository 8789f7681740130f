/** A walk over every page for asking, rules and settings: what axe finds, what overflows, what the console says. */
import { join } from 'node:path';
import type { Test } from 'tap';
import { startApi } from '../collector/api/start.ts';
import { axeProblems } from './axe.ts';
import { addEvents, addHosts } from './scene.ts';
import { pictures, signIn, webRoot } from './visit.ts';

/** Each with something that is there once the page is. */
const shown = [
  ['events', '/events', 'curl -fsS'],
  ['no-events', '/events?filter=process.name:none', 'No event fits'],
  ['hunts', '/hunts?hunt=beacons', 'Connections that come at regular times'],
  ['query', '/query', 'Asked again and again'],
  ['analyses', '/analyses', 'Nothing stands out'],
  ['rules', '/rules', 'Shell with a network socket'],
  ['rule', '/rules/rule-1', 'Check'],
  ['new-rule', '/rules/new', '2 of 2 passed'],
  ['rollouts', '/rules/rollouts', 'No rollout yet'],
  ['account', '/settings', 'Your sessions'],
  ['users', '/settings/users', 'Add user'],
  ['tokens', '/settings/tokens', 'New service token'],
  ['sessions', '/settings/sessions', 'this one'],
  ['enrolment', '/settings/enrolment', 'Enrol hosts'],
  ['groups', '/settings/groups', 'No groups yet'],
  ['access', '/settings/access', 'Everybody needs a second factor'],
  ['storage', '/settings/storage', 'Days events are kept'],
  ['audit', '/settings/audit', 'session.begin'],
] as const;

/** All of them at one size of the window, light and dark, and the page for signing in. */
export async function walk(t: Test, width: number, height: number): Promise<void> {
  const api = await startApi(t, { webRoot: webRoot() });
  await addHosts(api);
  addEvents(api);
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page, faults } = await signIn(t, api, { viewport: { width, height }, colorScheme });
    for (const [name, path, words] of shown) {
      await page.goto(api.baseUrl + path);
      await page.getByText(words).first().waitFor();
      if (/hunts|query|rule$/.test(name)) await page.locator('.cm-content').first().waitFor();
      const where = `${name} ${width} ${colorScheme}`;
      t.same(await axeProblems(page), [], `${where}: axe`);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      t.ok(over <= 0, `${where} does not scroll sideways (${over})`);
      await page.screenshot({ path: join(pictures, `studio-${name}-${width}-${colorScheme}.png`) });
    }
    t.same(faults, [], `${width} ${colorScheme}: no errors, nothing from elsewhere`);
  }
  // Somebody with a password, without whom the page does not ask for one.
  const user = {
    name: 'grace',
    displayName: '',
    role: 'viewer',
    password: 'seven tired owls at dusk',
  } as const;
  await api.deps.access.accounts.add(user, { id: 'walk', name: 'walk' });
  const { page } = await signIn(t, api, { viewport: { width, height } });
  await page.getByRole('button', { name: 'Sign out' }).or(page.locator('.account-button')).first().click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Password').waitFor();
  t.same(await axeProblems(page), [], `sign-in ${width}: axe`);
  await page.screenshot({ path: join(pictures, `studio-sign-in-${width}.png`) });
}
