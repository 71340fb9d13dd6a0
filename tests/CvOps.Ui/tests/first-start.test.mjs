// The first minute of a fleet: a link that opens once makes the administrator.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { launch, password, person, themes, welcome } from '../lib/browser.mjs';
import { filled } from '../lib/shared.mjs';

let browser, stack;

before(async () => {
  stack = await filled();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await stack?.leave();
});

test('the printed link makes the first administrator, who is signed in; it opens no second time', async () => {
  const link = readFileSync(stack.log, 'utf8').match(/\/welcome#\S+/)?.[0];
  assert.ok(link, 'cvops up printed a link');
  const { context, page } = await person(browser, { fleet: stack.fleet, headers: {} }, themes.light);
  // Whoever has no account sees the way in and nothing else.
  await page.goto('/devices');
  assert.match(page.url(), /sign-in\?return=%2Fdevices/);
  await welcome(page, link, 'first');
  await page.getByRole('heading', { name: 'Fleet', exact: true }).waitFor();
  assert.equal(await page.locator('#who').innerText(), 'first');
  assert.ok(!page.url().includes('#'), 'the secret is not in the address any more');
  assert.deepEqual((await stack.get('accounts')).find(account => account.name === 'first').roles.map(role => role.role), ['Admin']);

  await page.goto('/settings');
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.waitForURL(/sign-in/);
  await page.goto(link);
  await page.getByText('This link opens nothing').waitFor();
  await page.goto('/sign-in');
  await page.getByLabel('Name').fill('first');
  await page.getByLabel('Password').fill('not this one at all');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  await page.getByLabel('Name').fill('first');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('#live.on').waitFor({ state: 'attached' });
  await context.close();
});
