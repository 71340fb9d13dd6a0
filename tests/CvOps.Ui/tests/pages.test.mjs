// Each page, in light and dark: no violation of axe's rules, nothing wider than its window, no script that throws. Then Lighthouse.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import AxeBuilder from '@axe-core/playwright';
import { launch, person, show, themes } from '../lib/browser.mjs';
import { auditor } from '../lib/lighthouse.mjs';
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
  const lighthouse = auditor(debugPort);
  t.after(lighthouse.close);
  for (const [name, path] of Object.entries(all)) {
    await t.test(name, async () => {
      for (const { category, score, lost } of await lighthouse.audit(`${stack.fleet}/${path}`, entries.has(name) ? {} : stack.headers)) {
        assert.ok(score >= least, `${category} is ${Math.round(100 * score)}: ${lost.join(', ')}`);
      }
    });
  }
});
