// Each page, in light and dark: no violation of axe's rules, nothing wider than its window, no script that throws. Then Lighthouse.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import AxeBuilder from '@axe-core/playwright';
import lighthouse from 'lighthouse';
import { launch, person, show, themes } from '../lib/browser.mjs';
import { filled } from '../lib/shared.mjs';
import { entries, pages } from '../pages.mjs';

const least = 0.95;
let browser, stack, all, debugPort;

before(async () => {
  stack = await filled();
  debugPort = 9300 + process.pid % 500;
  browser = await launch([`--remote-debugging-port=${debugPort}`]);
  all = await pages(stack);
});

after(async () => {
  await browser?.close();
  await stack?.leave();
});

for (const theme of ['light', 'dark', 'phone']) {
  test(`every page passes axe in ${theme}`, async t => {
    const known = await person(browser, stack, themes[theme]);
    const unknown = await person(browser, { ...stack, headers: {} }, themes[theme]);
    for (const [name, path] of Object.entries(all)) {
      await t.test(name, async () => {
        const { page, errors } = entries.has(name) ? unknown : known;
        await show(page, name, path);
        const { violations } = await new AxeBuilder({ page }).analyze();
        assert.deepEqual(violations.map(found => `${found.id}: ${found.nodes.slice(0, 3).map(node => node.target.join(' ')).join(', ')}`), []);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, 'the page is wider than its window');
        assert.deepEqual(errors.splice(0), [], 'the page threw');
      });
    }
    await known.context.close();
    await unknown.context.close();
  });
}

test('every page has at least 95 of 100 for accessibility and best practices by Lighthouse', async t => {
  for (const [name, path] of Object.entries(all)) {
    await t.test(name, async () => {
      const { lhr } = await lighthouse(`${stack.fleet}/${path}`, { port: debugPort, extraHeaders: entries.has(name) ? {} : stack.headers, output: 'json', logLevel: 'error', onlyCategories: ['accessibility', 'best-practices'], maxWaitForLoad: 8000, pauseAfterLoadMs: 0, networkQuietThresholdMs: 0, cpuQuietThresholdMs: 0, throttlingMethod: 'provided', formFactor: 'desktop', screenEmulation: { disabled: true } });
      for (const category of Object.values(lhr.categories)) {
        const lost = category.auditRefs.filter(ref => ref.weight > 0 && lhr.audits[ref.id].score !== null && lhr.audits[ref.id].score < 1).map(ref => ref.id);
        assert.ok(category.score >= least, `${category.id} is ${Math.round(100 * category.score)}: ${lost.join(', ')}`);
      }
    });
  }
});
