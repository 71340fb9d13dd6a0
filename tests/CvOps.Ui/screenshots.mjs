// Pictures of every page: artifacts/screenshots/{page}-{light,dark,phone}.png. With an address as argument, of the fleet there.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launch, person, show, themes } from './lib/browser.mjs';
import { Stack, root } from './lib/stack.mjs';
import { fill } from './lib/fill.mjs';
import { entries, pages } from './pages.mjs';

const out = join(root, 'artifacts/screenshots');
mkdirSync(out, { recursive: true });
const [address, only] = process.argv.slice(2);
const stack = address ? Stack.at(address) : await Stack.start('screenshots', 3);
let failed = 0;
try {
  if (!address) await fill(stack, 3);
  const browser = await launch();
  const all = Object.entries(await pages(stack)).filter(([name]) => !only || only.split(',').includes(name));
  for (const [theme, options] of Object.entries(themes)) {
    const known = await person(browser, stack, options);
    const unknown = await person(browser, { ...stack, headers: {} }, options);
    for (const [name, path] of all) {
      const { page } = entries.has(name) ? unknown : known;
      await show(page, name, path);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) { failed++; console.error(`${name} is ${wide} pixels wider than its ${theme} window`); }
      await page.screenshot({ path: join(out, `${name}-${theme}.png`), fullPage: process.env.FULL === '1' });
    }
    for (const error of [...known.errors, ...unknown.errors]) { failed++; console.error(`${theme}: ${error}`); }
    await known.context.close();
    await unknown.context.close();
  }
  await browser.close();
  console.log(`${all.length * 3} pictures in ${out}`);
} finally {
  if (!address) await stack.stop();
}
process.exit(failed ? 1 : 0);
