/** Settings and signing in, over the product as it runs: users, second factor, tokens, and a second agent. */
import { generate } from 'otplib';
import t from 'tap';
import { absent, startAgent, startProduct } from './product.ts';

const password = 'lantern orbit velvet tundra';

t.test('people, tokens and hosts come in', { skip: absent }, async (t) => {
  const product = await startProduct(t, 'collector');
  const { page } = await product.page();
  const { api } = product.server.addresses;
  await page.goto(product.signIn);
  await page.getByRole('heading', { name: 'Overview' }).waitFor({ state: 'attached' });

  let link = '';
  await t.test('a user is added, and comes in by a link', async (t) => {
    await page.goto(`${api}/settings/users`);
    await page.getByRole('button', { name: 'Add user' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('grace');
    await page.getByRole('textbox', { name: 'Shown as' }).fill('Grace <b>Hopper</b>');
    await page.getByRole('combobox', { name: 'Role' }).selectOption('viewer');
    await page.getByText('May read.').waitFor();
    await page.getByRole('button', { name: 'Add and make a link' }).click();
    link = (await page.locator('.copyable code').textContent()) ?? '';
    t.match(link, /#sign-in=/);
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByText('Grace <b>Hopper</b>').waitFor();
    t.equal(await page.locator('main b').count(), 0);
    await product.picture(page, 'settings-users');
  });

  const grace = await product.page();
  let secret = '';
  let codes: readonly string[] = [];
  await t.test('sets a password and a second factor', async (t) => {
    const { page } = grace;
    await page.goto(link);
    await page.getByRole('heading', { name: 'Overview' }).waitFor({ state: 'attached' });
    await page.goto(`${api}/settings`);
    t.equal(
      await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Users' }).count(),
      0,
    );
    await page.getByLabel('New password', { exact: true }).fill('short');
    await page.getByLabel('New password again').fill('short');
    await page.getByRole('button', { name: 'Set password' }).click();
    await page
      .getByRole('alert')
      .getByText(/at least 12 characters/)
      .waitFor();
    await page.getByLabel('New password', { exact: true }).fill(password);
    await page.getByLabel('New password again').fill(`${password}!`);
    await page.getByText('The two are not the same.').waitFor();
    await page.getByLabel('New password again').fill(password);
    await page.getByRole('button', { name: 'Set password' }).click();
    await page.getByText('The password is set.').waitFor();

    await page.getByRole('button', { name: 'Set up' }).click();
    await page.getByRole('img', { name: 'QR code for the authenticator app' }).waitFor();
    secret = ((await page.locator('.factor-key').textContent()) ?? '').replaceAll(' ', '');
    t.match(secret, /^[A-Z2-7]{16,}$/);
    await product.picture(page, 'second-factor');
    await page.getByLabel('Code of the app').fill('000000');
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Code of the app').fill(await generate({ secret }));
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.locator('.codes code').nth(9).waitFor();
    codes = await page.locator('.codes code').allTextContents();
    t.equal(codes.length, 10);
    await product.picture(page, 'recovery-codes');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download' }).click();
    t.equal((await download).suggestedFilename(), 'vedette-recovery-codes.txt');
    await page.getByRole('button', { name: 'I have kept them' }).click();
    await page.getByText('It is set up.').waitFor();
  });

  await t.test('signs in with password and code, and with a recovery code', async (t) => {
    const { page } = await product.page();
    await page.goto(`${api}/alerts`);
    await page.getByLabel('Name').fill('grace');
    await page.getByLabel('Password').fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('Name or password is not right.').waitFor();
    t.equal(await page.getByLabel('Code').count(), 0, 'nothing told of a second factor');
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    const code = page.getByLabel('Code');
    await code.fill('123456');
    await product.picture(page, 'sign-in-code');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('Name, password or code is not right.').waitFor();
    await code.fill(codes[0] as string);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('.frame').waitFor();
    t.equal(new URL(page.url()).pathname, '/alerts', 'where they wanted to go');
    await page.goto(`${api}/settings`);
    await page.getByText('this one').waitFor();
    t.equal(await page.getByText('this one').count(), 1);
    t.match(await page.getByText(/Signed in as/).textContent(), /role viewer: may read/);

    const fresh = await product.page();
    await fresh.page.goto(api);
    await fresh.page.getByLabel('Name').fill('grace');
    await fresh.page.getByLabel('Password').fill(password);
    await fresh.page.getByRole('button', { name: 'Sign in' }).click();
    // A code holds once: the one of the set-up is used up, so the next is waited for.
    const used = await generate({ secret });
    let next = used;
    while (next === used) {
      await fresh.page.waitForTimeout(500);
      next = await generate({ secret });
    }
    await fresh.page.getByLabel('Code').fill(next);
    await fresh.page.getByRole('button', { name: 'Sign in' }).click();
    await fresh.page.locator('.frame').waitFor();
  });

  await t.test('a token is shown once, works, and is revoked', async (t) => {
    await page.goto(`${api}/settings/tokens`);
    await page.getByRole('button', { name: 'New service token' }).click();
    await page.getByLabel('What it is for').fill('backup');
    await page.getByRole('button', { name: 'Make token' }).click();
    const token = (await page.locator('.copyable code').textContent()) ?? '';
    const asked = () => fetch(`${api}/api/v1/status`, { headers: { authorization: `Bearer ${token}` } });
    t.equal((await asked()).status, 200);
    await product.picture(page, 'token');
    await page.getByRole('button', { name: 'Close' }).click();
    const row = page.getByRole('listitem').filter({ hasText: 'backup' });
    await row.getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await row.waitFor({ state: 'detached' });
    t.equal((await asked()).status, 401);
  });

  await t.test('a disabled user is out at once', async (t) => {
    await page.goto(`${api}/settings/users`);
    const row = page.getByRole('listitem').filter({ hasText: 'grace' });
    await row.getByRole('button', { name: 'Disable' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
    await row.getByText('disabled').waitFor();
    await grace.page.goto(`${api}/settings`);
    await grace.page.getByRole('heading', { name: 'Sign in to Vedette' }).waitFor();
    t.pass();
  });

  await t.test('an agent enrols with the command of the page, which sees it arrive', async (t) => {
    await page.goto(`${api}/settings/enrolment`);
    await page.getByRole('button', { name: 'Enrol hosts' }).click();
    await page.getByRole('button', { name: 'Make the command' }).click();
    const command = (await page.locator('.copyable code').textContent()) ?? '';
    t.match(command, /^vedette enroll --token \S+ && vedette agent$/);
    await page.getByText('Waiting for the first host…').waitFor();
    startAgent(t, command);
    await page.getByText('is here and connected.').waitFor();
    await product.picture(page, 'enrolled');
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByText('1 of 1 used').waitFor();
    await page.getByText('used up').waitFor();
  });

  await t.test('the audit log is as it was written; access is set', async (t) => {
    await page.goto(`${api}/settings/audit`);
    await page.getByText('enrolment-token.make').first().waitFor();
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.getByText(/^All \d+ entries are as they were written\.$/).waitFor();
    await product.picture(page, 'audit');
    await page.goto(`${api}/settings/access`);
    await page.getByLabel('Sessions last, in hours').fill('4');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    await page.reload();
    t.equal(await page.getByLabel('Sessions last, in hours').inputValue(), '4');
    await page.goto(`${api}/settings/storage`);
    await page.getByText('Reaches back to').waitFor();
  });
  t.same(product.faults, []);
});
