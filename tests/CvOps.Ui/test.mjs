// Starts one fleet, fills it, and runs every test against it; or against the one that CVOPS_UI names.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { filled } from './lib/shared.mjs';

const folder = join(import.meta.dirname, 'tests');
const stack = await filled();
let code = 1;
try {
  const run = spawn(process.execPath, ['--test', '--test-concurrency=1', '--test-reporter=spec', ...readdirSync(folder).filter(name => name.endsWith('.test.mjs')).sort().map(name => join(folder, name))], { stdio: 'inherit', env: { ...process.env, CVOPS_UI: stack.fleet, CVOPS_UI_LINES: stack.lines, CVOPS_UI_LOG: stack.log, CVOPS_TOKEN: stack.headers.authorization.slice('Bearer '.length) } });
  code = await new Promise(done => run.once('exit', done));
} finally {
  await stack.leave();
}
process.exit(code ?? 1);
