// From labels to a candidate, by the pages alone.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { colleague, launch } from '../lib/browser.mjs';
import { filled } from '../lib/shared.mjs';
import { until } from '../lib/until.mjs';

let browser, stack;

before(async () => {
  stack = await filled();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await stack?.leave();
});

test('labels are frozen, a model is trained on them, and its run is compared with the one before', async () => {
  const stamp = Date.now();
  const { context, page } = await colleague(browser, stack, `trainer-${stamp}`, [{ role: 'Operator' }]);
  const go = async (form, button, words) => {
    await form.getByRole('button', { name: button, exact: true }).click();
    const dialog = page.locator('dialog[open]');
    await dialog.getByText(words).waitFor();
    await dialog.getByRole('button', { name: button, exact: true }).click();
  };
  await page.goto('/datasets');
  await page.getByLabel('Name').fill(`frozen-${stamp}`);
  const answered = page.waitForResponse(answer => answer.request().method() === 'POST' && answer.url().endsWith('/api/v1/datasets'));
  await go(page.locator('form[data-set]'), 'Freeze', 'Every labelled frame of all devices');
  // Where nothing was labelled since, it is the snapshot of before, by its name.
  const frozen = await (await answered).json();
  await page.getByRole('link', { name: frozen.name, exact: true }).waitFor();

  await page.goto('/training');
  await page.locator('#start summary').click();
  const form = page.locator('#start form');
  await form.getByLabel('Snapshot').selectOption(frozen.digest);
  await form.getByLabel('New version').fill(`v${stamp}`);
  await go(form, 'Start', `on snapshot ${frozen.name}`);
  const run = await until('the run is there', 20, async () => (await stack.get('training')).find(view => view.request.version === `v${stamp}`));
  assert.equal(run.request.by, `trainer-${stamp}`);
  // Chosen for the next one, before the list of models gets longer.
  await page.waitForFunction(() => document.querySelector('#start [name=version]').value === '');
  const first = await form.getByLabel('Start from').locator('option').last().getAttribute('value');
  await form.getByLabel('Start from').selectOption(first);
  const done = await until('the run ends', 240, async () => {
    const view = await stack.get(`training/${run.id}`);
    return !['Queued', 'Running', 'Packing', 'Gating'].includes(view.state) && view;
  });
  assert.ok(done.model, `${done.state}: ${done.reason}`);
  // The page has heard of it by itself.
  const card = page.locator('article', { hasText: `v${stamp}` });
  await card.getByText('Promotion gate').waitFor({ timeout: 15_000 });
  await card.getByRole('link', { name: 'Open the model' }).waitFor();
  await form.getByLabel('Start from').locator(`option[value="${done.model}"]`).waitFor({ state: 'attached' });
  assert.equal(await form.getByLabel('Start from').inputValue(), first);

  await page.goto('/tracking');
  const boxes = page.locator('input[name=run]');
  await boxes.nth(0).check();
  await boxes.nth(1).check();
  await page.getByRole('button', { name: 'Compare the chosen runs' }).click();
  await page.getByRole('heading', { name: 'Runs side by side' }).waitFor();
  assert.ok(await page.locator('tr.differs').count() > 0, 'what differs is marked');
  await context.close();
});
