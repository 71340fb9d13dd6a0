// What people do with the dashboard, done as they do it.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { launch, person, themes } from '../lib/browser.mjs';
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

async function open(path, options, work) {
  const { context, page, errors } = await person(browser, stack, options);
  try {
    await page.goto(`/${path}`, { waitUntil: 'load' });
    await page.locator('#live.on').waitFor({ state: 'attached' });
    await work(page);
    assert.deepEqual(errors.filter(text => !/Failed to load resource/.test(text)), []);
  } finally { await context.close(); }
}

const running = async () => (await stack.get('rollouts')).find(rollout => !['Completed', 'RolledBack', 'Aborted'].includes(rollout.state));

test('the overview names the drifting camera first thing, and one click leads to its probable cause', () => open('', themes.light, async page => {
  const { device, camera } = (await stack.get('drift')).find(view => view.state === 'Alarm');
  await page.locator('.attention li', { hasText: `${device}/${camera} has drifted` }).getByRole('link').click();
  await page.getByText('Probable cause').waitFor();
  assert.match(page.url(), new RegExp(`drift/${device}/${camera}`));
}));

test('/ finds a device by a part of its name, by keyboard alone', () => open('', themes.light, async page => {
  await page.keyboard.press('/');
  await page.keyboard.type('vice-3');
  await page.locator('#found [data-path="devices/device-3"]').waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(/devices\/device-3/);
}));

test('Enter in the finder means what was typed, however late the answer is', () => open('', themes.light, async page => {
  // "de" has a page of that name first; the answer to the rest of the word comes after Enter.
  await page.route(/find\?q=device-3/, async route => { await new Promise(done => setTimeout(done, 700)); await route.continue(); });
  await page.keyboard.press('/');
  await page.keyboard.type('de');
  await page.locator('#found [data-path="devices"]').waitFor();
  await page.keyboard.type('vice-3');
  await page.keyboard.press('Enter');
  await page.waitForURL(/devices\/device-3/);
}));

test('g and a letter goes to a page, ? shows the keys', () => open('', themes.light, async page => {
  await page.keyboard.press('?');
  await page.locator('#help[open]').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await page.waitForURL(/rollouts$/);
}));

test('a device answers a ping from its page', () => open('devices/device-1', themes.light, async page => {
  await page.getByRole('button', { name: 'Ping' }).click();
  await page.locator('#toast', { hasText: 'The agent is here.' }).waitFor({ timeout: 20_000 });
  await page.locator('.history', { hasText: 'ping' }).first().waitFor();
}));

test('what the agent of a device said is read on its page', () => open('devices/device-1', themes.light, async page => {
  await page.getByRole('button', { name: 'Read the log' }).click();
  await page.locator('#log li', { hasText: 'Information' }).first().waitFor({ timeout: 20_000 });
  await page.getByLabel('At least').selectOption('Critical');
  await page.getByRole('button', { name: 'Read the log' }).click();
  await page.locator('#log', { hasText: 'nothing of that kind' }).waitFor({ timeout: 20_000 });
}));

test('sixty class labels a minute by keyboard', () => open('labels', themes.light, async page => {
  await until('frames wait', 120, async () => (await stack.get('frames?state=unlabelled&limit=1')).unlabelled >= 10);
  await page.reload();
  await page.locator('[data-frame]:not(.done)').first().waitFor();
  const before = (await stack.get('frames?state=labelled&limit=1')).labelled;
  const wanted = Math.min(20, await page.locator('[data-frame]:not(.done)').count());
  const began = Date.now();
  for (let done = 0; done < wanted; done++) {
    await page.locator('[data-frame]:not(.done)').first().waitFor();
    await page.keyboard.press('1');
  }
  await until('all labels are there', 30, async () => (await stack.get('frames?state=labelled&limit=1')).labelled >= before + wanted);
  const rate = wanted / ((Date.now() - began) / 60_000);
  console.log(`${wanted} labels, ${rate.toFixed(0)} a minute`);
  assert.ok(rate >= 60, `${rate.toFixed(0)} labels a minute`);
}));

test('a frame on which the models disagree is judged with one key', async () => {
  const rollout = await running();
  await open(`rollouts/${rollout.id}`, themes.light, async page => {
    const pair = page.locator('[data-pair]');
    await pair.waitFor({ timeout: 60_000 });
    const id = await pair.getAttribute('data-pair');
    const before = (await stack.get(`rollouts/${rollout.id}`)).evidence.judged;
    await page.keyboard.press('1');
    await until('the judgement counts', 30, async () => (await stack.get(`rollouts/${rollout.id}`)).evidence.judged > before);
    await page.waitForFunction(seen => document.querySelector('[data-pair]')?.dataset.pair !== seen, id, { timeout: 15_000 });
  });
});

test('on a phone everything is stopped in three taps, the dialog says what will happen, and it is lifted again', () => open('', themes.phone, async page => {
  await page.getByRole('button', { name: 'Stop everything' }).tap();
  const dialog = page.locator('dialog[open]');
  await dialog.getByText('no device is told to take anything new').waitFor();
  await dialog.getByRole('button', { name: 'Looks wrong on the line' }).tap();
  await dialog.getByRole('button', { name: 'Stop everything' }).tap();
  await until('everything is stopped', 20, async () => (await stack.get('rollouts/stop-all')).on);
  assert.equal((await stack.get('rollouts/stop-all')).reason, 'Looks wrong on the line');
  await page.goto('/rollouts');
  await page.getByRole('button', { name: 'Lift the stop' }).tap();
  await page.locator('dialog[open] input').fill('looked at');
  await page.locator('dialog[open]').getByRole('button', { name: 'Lift the stop' }).tap();
  await until('the stop is lifted', 20, async () => !(await stack.get('rollouts/stop-all')).on);
}));

test('a page says so when it is no longer live', () => open('', themes.light, async page => {
  await page.route('**/api/v1/events/pages', route => route.abort());
  await page.goto('/');
  await page.locator('.stale', { hasText: 'Not live' }).waitFor({ timeout: 20_000 });
}));

test('a camera is watched live, picture after picture', () => open('devices/device-1', themes.light, async page => {
  await page.getByRole('button', { name: 'Watch live' }).click();
  const picture = page.locator('[data-preview-of] img');
  await page.waitForFunction(() => document.querySelector('[data-preview-of] img')?.src.startsWith('data:image/jpeg'), null, { timeout: 20_000 });
  const first = await picture.getAttribute('src');
  await page.waitForFunction(seen => document.querySelector('[data-preview-of] img').src !== seen, first, { timeout: 10_000 });
  await page.getByRole('button', { name: 'Watch live' }).click();
  await picture.waitFor({ state: 'detached' });
}));

test('the theme is chosen and remembered', () => open('', themes.light, async page => {
  await page.locator('#theme').click();
  await page.locator('#theme').click();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  await page.goto('/rollouts');
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
}));

test('names with markup stay names', async () => {
  const evil = '<img src=x onerror="window.__hit=1"><script>window.__hit=1</script>';
  await stack.put('devices/device-3/labels', { labels: { line: evil.slice(0, 200) } });
  const marked = await stack.post('frames', { jpeg: (await picture()), class: evil.slice(0, 60), by: evil.slice(0, 60), use: 'Training', part: null });
  const draft = await stack.ask('POST', `rollouts?draft=true&by=${encodeURIComponent(evil)}`, { name: evil.slice(0, 60), model: (await stack.get('models'))[0].model.digest, everything: true, rings: [{ name: evil.slice(0, 60), percent: 100 }] }).catch(error => ({ refused: String(error) }));
  const paths = ['', 'devices', 'devices/device-3', 'rollouts', 'labels', 'frames?order=newest', 'quality', 'datasets', 'training', 'tracking', 'models', `frames?text=${encodeURIComponent(evil)}`, `devices?q=${encodeURIComponent(evil)}`, `devices?select=${encodeURIComponent(`line=${evil}`)}`];
  if (draft.id) paths.push(`rollouts/${draft.id}`);
  const { context, page, errors } = await person(browser, stack, themes.light);
  for (const path of paths) {
    await page.goto(`/${path}`, { waitUntil: 'load' });
    await page.waitForTimeout(100);
    assert.equal(await page.evaluate(() => window.__hit), undefined, `/${path} ran it`);
    assert.equal(await page.locator('img[src="x"]').count(), 0, `/${path} wrote it as HTML`);
  }
  assert.deepEqual(errors.filter(text => /Content.Security|refused to/i.test(text)), []);
  await page.keyboard.press('/');
  await page.keyboard.type('<img');
  await page.waitForTimeout(300);
  assert.equal(await page.evaluate(() => window.__hit), undefined);
  await context.close();
  await stack.put('devices/device-3/labels', { labels: { line: '3' } });
  // No model is to be trained on such a class.
  await stack.put(`frames/${marked.id}/label`, { class: null, by: 'night-shift', skip: true });
});

async function picture() {
  const [frame] = (await stack.get('frames?limit=1')).frames;
  return Buffer.from(await (await fetch(`${stack.fleet}/api/v1/frames/${frame.id}/image`, { headers: stack.headers })).arrayBuffer()).toString('base64');
}
