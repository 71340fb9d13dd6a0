// What administrators set: people, passwords, tokens, devices; and what needs a second person.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { colleague, launch, password, person, themes, welcome } from '../lib/browser.mjs';
import { filled } from '../lib/shared.mjs';
import { program, root } from '../lib/stack.mjs';
import { until } from '../lib/until.mjs';

const over = rollout => ['Completed', 'RolledBack', 'Aborted'].includes(rollout.state);
let browser, stack, admin;

before(async () => {
  stack = await filled();
  browser = await launch();
  admin = await colleague(browser, stack, `admin-${Date.now()}`, [{ role: 'Admin' }]);
});

after(async () => {
  await browser?.close();
  await stack?.leave();
});

// Presses the button of the open dialog whose words say what will happen.
async function say(page, words, button) {
  const dialog = page.locator('dialog[open]');
  await dialog.getByText(words).waitFor();
  await dialog.getByRole('button', { name: button, exact: true }).click();
}

// What is shown once; it is put away by saying so, not by a stray key.
async function kept(page) {
  const dialog = page.locator('dialog[open]');
  const secret = await dialog.locator('.secret').innerText();
  await page.keyboard.press('Escape');
  assert.equal(await dialog.count(), 1, 'a stray key does not throw a secret away');
  await dialog.getByRole('button', { name: 'I have kept it' }).click();
  await dialog.waitFor({ state: 'detached' });
  return secret;
}

test('a colleague is let in by a link, gets another role, is signed out and shut out', async () => {
  const { page } = admin;
  const name = `colleague-${Date.now()}`;
  await page.goto('/settings/people');
  await page.getByLabel('Name').fill(name);
  await page.locator('select[name=role]').selectOption('Labeller');
  await page.getByRole('button', { name: 'Make an account' }).click();
  await say(page, `${name} will be labeller on all sites.`, 'Make an account');
  const link = await kept(page);
  assert.match(link, new RegExp(`^${stack.fleet}/welcome#`));
  await page.getByRole('link', { name }).waitFor();

  const theirs = await person(browser, { fleet: stack.fleet, headers: {} }, themes.light);
  await welcome(theirs.page, new URL(link).pathname + new URL(link).hash);
  assert.equal((await theirs.page.goto('/settings/people')).status(), 403);

  await page.getByRole('link', { name }).click();
  await page.locator('select[name=role]').selectOption('Operator');
  await page.getByLabel('Site').fill('site-9');
  await page.getByRole('button', { name: 'Give this role' }).click();
  await say(page, `${name} will be operator on site-9`, 'Give this role');
  await page.locator('tr', { hasText: 'site-9' }).waitFor();
  // Whoever gets other rights signs in anew.
  await theirs.page.goto('/training');
  await theirs.page.waitForURL(/sign-in/);
  await theirs.page.getByLabel('Name').fill(name);
  await theirs.page.getByLabel('Password').fill(password);
  await theirs.page.getByRole('button', { name: 'Sign in' }).click();
  await theirs.page.locator('#live.on').waitFor({ state: 'attached' });

  await page.reload();
  await page.getByRole('button', { name: /^Take away/ }).filter({ hasText: 'site-9' }).click();
  await say(page, 'no longer operator on site-9', 'Take away operator on site-9');
  await page.locator('tr', { hasText: 'site-9' }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Disable' }).click();
  await say(page, 'no password and none of the account', 'Disable');
  await page.getByText('disabled', { exact: true }).waitFor();
  await theirs.page.goto('/training');
  await theirs.page.waitForURL(/sign-in/);
  assert.deepEqual((await stack.get(`audit?subject=${name}&newest=true`)).entries.map(entry => entry.action).filter(action => action.startsWith('account.')).reverse(),
    ['account.created', 'account.password.set', 'account.granted', 'account.revoked', 'account.disabled']);
  await theirs.context.close();
});

test('the own password is changed by who knows the present one', async () => {
  const { context, page } = await colleague(browser, stack, `changer-${Date.now()}`, [{ role: 'Viewer' }]);
  await page.goto('/settings');
  const fill = async (present, next, again) => {
    await page.getByLabel('Present password').fill(present);
    await page.getByLabel(/^New password/).fill(next);
    await page.getByLabel('The same again').fill(again);
    await page.getByRole('button', { name: 'Change password' }).click();
  };
  await fill(password, 'another four words entirely', 'another four words entirel');
  await page.getByText('The two passwords differ.').waitFor();
  await fill('wrong in every single word', 'another four words entirely', 'another four words entirely');
  await say(page, 'every other browser', 'Change password');
  await page.getByText('The present password or the one-time code is wrong').waitFor();
  await fill(password, 'another four words entirely', 'another four words entirely');
  await say(page, 'every other browser', 'Change password');
  await page.locator('#toast', { hasText: 'done' }).waitFor();
  await context.close();
});

test('a token is made, shown once, opens what it may, and is taken back', async () => {
  const { page } = admin;
  await page.goto('/settings/tokens');
  await page.getByLabel('What it is for').fill('nightly export');
  await page.locator('input[name=scopes][value=Label]').check();
  await page.getByRole('button', { name: 'Make a token' }).click();
  await say(page, 'Whoever shows it may read, label on all sites, for 90 days.', 'Make a token');
  const token = await kept(page);
  const ask = path => fetch(`${stack.fleet}/api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } }).then(answer => answer.status);
  assert.equal(await ask('devices'), 200);
  assert.equal(await ask('accounts'), 403);
  assert.ok(!(await page.content()).includes(token), 'the page has it no more');
  await page.locator('tr', { hasText: 'nightly export' }).getByRole('button', { name: /^Revoke/ }).click();
  await say(page, 'opens nothing from now on', 'Revoke nightly export');
  await page.locator('tr', { hasText: 'nightly export' }).getByText('revoked').waitFor();
  assert.equal(await ask('devices'), 401);
});

test('a device is enrolled by the command that the page shows; a second one of its name is turned away, and let in again by a person', async () => {
  const { page } = admin;
  const device = `press-${Date.now()}`;
  const folder = join(root, 'artifacts/ui', device);
  mkdirSync(folder, { recursive: true });
  const enrol = async (command, name) => {
    const config = join(folder, `${name}.yaml`);
    writeFileSync(config, `device: ${device}\nsite: site-1\ndata: ${join(folder, name)}\n`);
    // As it stands on the page, with this machine's program and a folder of its own.
    const [, ...words] = command.split(' ');
    return await promisify(execFile)(program('CvOps.Agent', 'cvops-agent'), [...words, '--config', config]).then(done => done.stdout, failed => failed.stderr);
  };
  await page.goto('/settings/enrolment');
  await page.getByLabel('What it is for').fill('the new press');
  await page.locator('input[name=devices]').fill('press-*');
  await page.getByLabel('How many').fill('3');
  await page.getByRole('button', { name: 'Make a code' }).click();
  await say(page, 'For 24 hours it lets in 3 devices called press-*: the new press. Known devices as well: no.', 'Make a code');
  const command = await kept(page);
  assert.match(await enrol(command, 'first'), /Enrolled as press-/);
  await page.reload();
  await page.locator('tr', { hasText: 'the new press' }).getByText('1 of 3').waitFor();
  await page.getByRole('link', { name: device }).waitFor();

  assert.match(await enrol(command, 'second'), /There is a device/);
  await page.reload();
  const refused = page.locator('.attention li', { hasText: `${device} was turned away` });
  await refused.getByRole('button', { name: 'Let it in again' }).click();
  await page.locator('dialog[open] input').fill('its disk was changed');
  await say(page, 'its former certificates are revoked then', 'Let it in again');
  await page.locator('#toast', { hasText: 'done' }).waitFor();
  assert.match(await enrol(command, 'second'), /Enrolled as press-/);

  await page.reload();
  await page.locator('tr', { hasText: device }).getByRole('button', { name: /^Shut out/ }).click();
  await page.locator('dialog[open] input').fill('it was stolen');
  await say(page, 'All its certificates are revoked', `Shut out ${device}`);
  await until('every certificate is revoked', 20, async () => (await stack.get(`certificates?device=${device}`)).every(one => one.revokedAt));
  await page.locator('tr', { hasText: 'the new press' }).getByRole('button', { name: /^Take back/ }).click();
  await page.locator('dialog[open] input').fill('no more to come');
  await say(page, 'It lets nobody in any more', 'Take back the new press');
  await page.locator('tr', { hasText: 'the new press' }).waitFor({ state: 'detached' });
  rmSync(folder, { recursive: true, force: true });
});

test('a running rollout is aborted, and another needs four eyes: its author may not, a second person does, and the audit log can prove it', async () => {
  const stamp = Date.now();
  const author = await colleague(browser, stack, `author-${stamp}`, [{ role: 'Operator' }]);
  const second = await colleague(browser, stack, `second-${stamp}`, [{ role: 'Approver' }]);
  for (const rollout of (await stack.get('rollouts')).filter(rollout => !over(rollout))) {
    await author.page.goto(`/rollouts/${rollout.id}`);
    await author.page.getByRole('button', { name: 'Roll back' }).click();
    await author.page.locator('dialog[open] input').fill('another plan takes its place');
    await say(author.page, 'will get back what was there before', 'Roll back');
    await until('the rollout is rolled back', 120, async () => over(await stack.get(`rollouts/${rollout.id}`)));
  }

  const model = (await stack.get('models')).find(view => view.lineage?.parent);
  await author.page.goto(`/models/${model.model.digest}`);
  await author.page.getByRole('link', { name: 'Roll out' }).click();
  const plan = author.page.locator('#plan-text');
  await plan.fill((await plan.inputValue()).replace('# four-eyes: true', 'four-eyes: true').replace(/^name: .*$/m, `name: four-${stamp}`));
  await author.page.getByRole('button', { name: 'Check' }).click();
  await author.page.getByText('The plan is sound').waitFor();
  await author.page.getByRole('button', { name: 'Start', exact: true }).click();
  await author.page.getByText('nobody would be').waitFor();
  await author.page.getByRole('button', { name: 'Keep as draft' }).click();
  await author.page.waitForURL(/rollouts\/(?!new)/);
  const id = author.page.url().split('/').at(-1);

  const start = async page => {
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.locator('dialog[open] input').fill('looked at the gate and the golden set');
    await say(page, 'goes out as the plan says', 'Start');
  };
  await start(author.page);
  await author.page.locator('#toast.bad', { hasText: 'Four eyes' }).waitFor();
  assert.equal((await stack.get(`rollouts/${id}`)).state, 'Draft');
  await second.page.goto(`/rollouts/${id}`);
  await start(second.page);
  await until('it has begun', 30, async () => (await stack.get(`rollouts/${id}`)).state !== 'Draft');

  // The log has it, stands, and can be taken along.
  await second.page.goto(`/audit?subject=${id}`);
  await second.page.locator('tr', { hasText: `second-${stamp}` }).filter({ hasText: 'looked at the gate' }).first().waitFor();
  await second.page.getByRole('link', { name: 'Check the chain' }).click();
  await second.page.getByText('The log is as it was written.').waitFor();
  await second.page.getByLabel('For an auditor, all about').selectOption(id);
  const [download] = await Promise.all([second.page.waitForEvent('download'), second.page.getByRole('button', { name: 'Audit pack' }).click()]);
  assert.equal(download.suggestedFilename(), `audit-${id}.zip`);
  assert.deepEqual([...readFileSync(await download.path()).subarray(0, 2)], [...Buffer.from('PK')]);
  await author.context.close();
  await second.context.close();
});
