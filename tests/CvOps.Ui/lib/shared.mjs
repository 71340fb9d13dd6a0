// The filled fleet of a test run: one that CVOPS_UI names, or a new one.
import { Stack } from './stack.mjs';
import { fill } from './fill.mjs';

export async function filled() {
  const address = process.env.CVOPS_UI;
  const stack = address ? Stack.at(address) : await Stack.start('test', 3);
  stack.leave = async () => { if (!address) await stack.stop(); };
  if (!address) {
    try { Object.assign(stack, await fill(stack, 3)); } catch (error) { await stack.stop(); throw error; }
  }
  return stack;
}
