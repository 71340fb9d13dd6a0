// Debian's Chromium, driven.
import { chromium } from 'playwright-core';
import { entries } from '../pages.mjs';

export const themes = { light: { colorScheme: 'light', viewport: { width: 1280, height: 900 } }, dark: { colorScheme: 'dark', viewport: { width: 1280, height: 900 } }, phone: { colorScheme: 'light', viewport: { width: 390, height: 844 }, deviceScaleFactor: 1, hasTouch: true, isMobile: true } };

export const launch = (extra = []) => chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', ...extra],
});

// A window of somebody whom the fleet lets in; whatever the page itself throws is kept.
export async function person(browser, stack, options = {}) {
  const context = await browser.newContext({ baseURL: stack.fleet, reducedMotion: 'reduce', extraHTTPHeaders: stack.headers, ...options });
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', error => errors.push(String(error)));
  page.on('console', message => { if (message.type() === 'error') errors.push(message.text()); });
  return { context, page, errors };
}

// Opens a page and waits until it is as people see it: live, or with its form.
export async function show(page, name, path) {
  await page.goto('about:blank');
  await page.goto(`/${path}`, { waitUntil: 'load' });
  if (entries.has(name)) await page.locator('main form').waitFor({ timeout: 15_000 });
  else await page.locator('#live.on').waitFor({ state: 'attached', timeout: 15_000 });
}

// Somebody with an account of their own: it is made, and its link opened and a password chosen as people do it.
export async function colleague(browser, stack, name, roles, options = themes.light) {
  const { link } = await stack.post('accounts', { name, roles });
  const { context, page, errors } = await person(browser, { fleet: stack.fleet, headers: {} }, options);
  await welcome(page, link);
  return { context, page, errors };
}

export const password = 'four words nobody says';

// Opens a link that opens once, and comes in.
export async function welcome(page, link, name = null) {
  await page.goto(link, { waitUntil: 'load' });
  await page.locator('#welcome').waitFor();
  if (name) await page.getByLabel('Name').fill(name);
  await page.getByLabel(/^Password/).fill(password);
  await page.getByLabel('The same again').fill(password);
  await page.getByRole('button', { name: 'Go in' }).click();
  await page.locator('#live.on').waitFor({ state: 'attached', timeout: 15_000 });
}
