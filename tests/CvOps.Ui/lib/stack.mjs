// A real CvOps on free ports: broker, fleet manager, simulated lines and agents, by `cvops up`.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdirSync, rmSync, createWriteStream, existsSync, readFileSync } from 'node:fs';
import { resolve, join } from 'node:path';
import { until } from './until.mjs';

export const root = resolve(import.meta.dirname, '../../..');
const programs = join(root, 'artifacts/bin');
const configuration = (process.env.CONFIGURATION ?? 'Release').toLowerCase();

export const program = (project, name) => join(programs, project, configuration, name);

const freePort = () => new Promise((done, fail) => {
  const server = createServer().once('error', fail).listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => done(port));
  });
});

export class Stack {
  constructor(name, ports) {
    Object.assign(this, { name, ...ports, data: join(root, 'artifacts/ui', name), fleet: `http://127.0.0.1:${ports.http}`, lines: `http://127.0.0.1:${ports.simulator}` });
  }

  // Starts with nothing but what `cvops up` brings, and answers when the fleet does.
  static async start(name, lines) {
    const stack = new Stack(name, { http: await freePort(), broker: await freePort(), simulator: await freePort() });
    rmSync(stack.data, { recursive: true, force: true });
    mkdirSync(stack.data, { recursive: true });
    const cvops = program('CvOps.Cli', 'cvops');
    if (!existsSync(cvops)) throw new Error(`${cvops} is not built: run make build first.`);
    const log = createWriteStream(join(stack.data, 'up.log'));
    stack.process = spawn(cvops, ['up', '--data', stack.data, '--lines', String(lines), '--http-port', String(stack.http), '--broker-port', String(stack.broker), '--simulator-port', String(stack.simulator)], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    stack.process.stdout.pipe(log);
    stack.process.stderr.pipe(log);
    stack.ended = new Promise(done => stack.process.once('exit', code => done(code)));
    await until('the fleet answers', 90, async () => (await fetch(`${stack.fleet}/healthz`).catch(() => null))?.ok);
    return stack;
  }

  // One that runs already.
  static at(address) {
    return new Stack('elsewhere', { http: Number(new URL(address).port), simulator: Number(new URL(process.env.CVOPS_UI_LINES ?? 'http://127.0.0.1:8600').port) });
  }

  async stop() {
    this.process.kill('SIGINT');
    const code = await Promise.race([this.ended, new Promise(done => setTimeout(() => done('late'), 30_000))]);
    if (code === 'late') this.process.kill('SIGKILL');
  }

  // Where `cvops up` says what it does, the first administrator's link among it.
  get log() { return process.env.CVOPS_UI_LOG ?? join(this.data, 'up.log'); }

  // In whose name the rig acts: with the token that `cvops up` made for the programs of its machine, else with CVOPS_TOKEN.
  get headers() {
    const file = join(this.data, 'local.token');
    const token = process.env.CVOPS_TOKEN ?? (existsSync(file) ? readFileSync(file, 'utf8').trim() : '');
    return { authorization: `Bearer ${token}`, 'x-cvops-by': 'night-shift' };
  }

  // What the API says; a refusal is an error with the fleet's own words.
  async ask(method, path, body) {
    const answer = await fetch(`${this.fleet}/api/v1/${path}`, { method, headers: { ...this.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }, body: body === undefined ? undefined : JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? null : await answer.json();
  }

  get(path) { return this.ask('GET', path); }

  post(path, body) { return this.ask('POST', path, body); }

  put(path, body) { return this.ask('PUT', path, body); }

  async changeLine(line, what) {
    const answer = await fetch(`${this.lines}/lines/${line}/drift`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(what) });
    if (!answer.ok) throw new Error(`The simulator refused: ${await answer.text()}`);
  }

  // The class of a part as it was drawn; null once the simulator has forgotten it.
  async truth(frame) {
    if (!frame.part || !frame.device) return null;
    const answer = await fetch(`${this.lines}/lines/${frame.device.replace('device', 'line')}/truth/${frame.part}`);
    return answer.ok ? (await answer.json()).class : null;
  }
}
