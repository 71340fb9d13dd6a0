// Somebody gives their account a second factor, comes in by it, and takes it away.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { colleague, launch, password } from '../lib/browser.mjs';
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

// RFC 6238 over RFC 4226, as an authenticator does it.
function code(secret, ahead = 0) {
  const bits = [...secret].map(letter => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map(byte => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const hash = createHmac('sha1', key).update(counter).digest();
  return String((hash.readUInt32BE(hash.at(-1) & 15) & 0x7fffffff) % 1e6).padStart(6, '0');
}

async function signIn(page, shown) {
  await page.goto('/sign-in');
  await page.getByLabel('Name').fill(page.name);
  await page.getByLabel('Password').fill(password);
  await page.getByLabel(/One-time code/).fill(shown);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

test('a code is asked for from its first one on, a recovery code opens once, and it goes by the password', async () => {
  const name = `careful-${Date.now()}`;
  const { context, page, errors } = await colleague(browser, stack, name, [{ role: 'Viewer' }]);
  page.name = name;
  const part = page.locator('#second-factor');
  await page.goto('/settings');
  await part.getByLabel('Your password').fill('not the password');
  await part.getByRole('button', { name: 'Set up' }).click();
  await page.getByText('Password or code is wrong').waitFor();
  await part.getByLabel('Your password').fill(password);
  await part.getByRole('button', { name: 'Set up' }).click();
  const picture = part.getByRole('img', { name: /QR code/ });
  await picture.waitFor();
  assert.ok(await picture.evaluate(image => image.decode().then(() => image.naturalWidth)) > 100, 'the picture is drawn');
  const secret = (await part.locator('code.spaced').innerText()).replaceAll(' ', '');
  await part.getByLabel('Code').fill(code(secret));
  await part.getByRole('button', { name: 'Turn it on' }).click();
  const dialog = page.locator('dialog[open]');
  await dialog.getByText('shown this once').waitFor();
  const codes = await dialog.locator('.codes code').allInnerTexts();
  assert.equal(codes.length, 8);
  await page.keyboard.press('Escape');
  assert.equal(await dialog.count(), 1, 'a stray key does not throw them away');
  await dialog.getByRole('button', { name: 'I have kept them' }).click();
  await part.getByText('8 recovery codes are left').waitFor();

  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.waitForURL(/sign-in/);
  await signIn(page, '');
  await page.getByRole('alert').waitFor();
  await signIn(page, code(secret, 1));
  await page.locator('#live.on').waitFor({ state: 'attached' });
  await page.goto('/settings');
  await part.getByLabel('Password or code').fill(codes[0]);
  await part.getByRole('button', { name: 'Make new recovery codes' }).click();
  await dialog.getByText('shown this once').waitFor();
  assert.notDeepEqual(await dialog.locator('.codes code').allInnerTexts(), codes);
  await dialog.getByRole('button', { name: 'I have kept them' }).click();
  await part.getByLabel('Password or code').fill(password);
  await part.getByRole('button', { name: 'Remove the second factor' }).click();
  await page.getByText('the password alone').first().waitFor();
  await part.getByRole('button', { name: 'Set up' }).waitFor();
  // What the fleet refused stands in the console; nothing else does.
  assert.deepEqual(errors.filter(error => !error.includes('422')), []);
  await context.close();
});
