// A filled fleet that stays until Ctrl-C, to look at pages while they are made.
import { Stack } from './lib/stack.mjs';
import { fill } from './lib/fill.mjs';

const stack = await Stack.start('look', 3);
console.log(stack.fleet);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, async () => { await stack.stop(); process.exit(0); });
try { console.log(await fill(stack, 3)); } catch (error) { console.log(error); }
