// Times of the overview at an address, for make bench-overview: one line of JSON, milliseconds.
import { launch, person } from './lib/browser.mjs';

const address = process.argv[2].replace(/\/$/, '');
const stack = { fleet: address, headers: { authorization: `Bearer ${process.env.CVOPS_TOKEN}` } };
const browser = await launch();
const middle = values => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

// The largest paint is the one at which the attention list, the figures and the sites stand there.
const paints = [];
for (let round = 0; round < 11; round++) {
  const { context, page } = await person(browser, stack, { viewport: { width: 1280, height: 900 } });
  await page.addInitScript(() => new PerformanceObserver(list => { window.__largest = list.getEntries().at(-1).startTime; }).observe({ type: 'largest-contentful-paint', buffered: true }));
  await page.goto('/', { waitUntil: 'load' });
  await page.locator('.site').first().waitFor();
  await page.waitForFunction(() => window.__largest > 0);
  if (round > 1) paints.push(await page.evaluate(() => window.__largest));
  await context.close();
}

const { page } = await person(browser, stack, { viewport: { width: 1280, height: 900 } });
await page.addInitScript(() => { window.__events = []; new PerformanceObserver(list => window.__events.push(...list.getEntries().filter(entry => entry.interactionId).map(entry => entry.duration))).observe({ type: 'event', durationThreshold: 16, buffered: true }); });
await page.goto('/', { waitUntil: 'load' });
let made = 0;
for (let round = 0; round < 20; round++) {
  await page.keyboard.press('/');
  for (const key of 'line1') { await page.keyboard.press(key); made++; }
  await page.keyboard.press('ArrowDown');
  while (await page.locator('#find-dialog[open]').count()) await page.keyboard.press('Escape');
  await page.locator('#theme').click();
  const more = page.locator('details > summary').first();
  if (await more.count()) { await more.click(); made++; }
  await page.keyboard.press('j');
  made += 5;
}
await page.waitForTimeout(500);
// Interactions below the threshold of 16 ms are not reported one by one.
const slow = await page.evaluate(() => window.__events);
const all = [...slow, ...Array(Math.max(0, made - slow.length)).fill(16)].sort((a, b) => a - b);
console.log(JSON.stringify({ paint: middle(paints), interaction: all[Math.floor(all.length * 0.95)], interactions: all.length }));
await browser.close();
