// Brings a fleet into the state that a shift leader might find: one camera drifts, labels wait, a model was trained, its rollout runs.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { program } from './stack.mjs';
import { until } from './until.mjs';

const by = 'night-shift';

function render(stack, name, count, seed, lamp) {
  const folder = join(stack.data, 'pictures', name);
  execFileSync(program('CvOps.Simulator', 'cvops-simulator'), ['render', '--video', '--count', String(count), '--seed', String(seed), '--lamp', String(lamp), '--out', folder], { stdio: 'ignore' });
  return readFileSync(join(folder, 'labels.csv'), 'utf8').trim().split('\n').slice(1).map(row => row.split(',')).map(([, name, file]) => ({ class: name, jpeg: readFileSync(join(folder, file)).toString('base64') }));
}

async function bring(stack, pictures, use) {
  for (const { class: name, jpeg } of pictures) await stack.post('frames', { jpeg, class: name, by, use });
}

export async function installed(stack, devices) {
  return await until('the first model is installed', 180, async () => {
    const all = await stack.get('devices');
    return all.length === devices && all.every(device => device.reported?.model.active) && all;
  });
}

export const drifting = (stack, device) => until(`${device} drifts`, 300, async () => (await stack.get('drift')).find(view => view.state === 'Alarm' && view.device === device));

// Pictures under an old and a new lamp are labelled and frozen, and a model is trained on them.
export async function trained(stack) {
  const [champion] = await stack.get('models');
  for (const [lamp, seed] of [[1, 11], [0.45, 12]]) await bring(stack, render(stack, `golden-${lamp}`, 50, seed, lamp), 'Golden');
  for (const [lamp, seed] of [[1, 21], [0.45, 22]]) await bring(stack, render(stack, `training-${lamp}`, 110, seed, lamp), 'Training');
  const dataset = await stack.post('datasets', { name: 'after-lamp', by });
  const run = await stack.post('training', { dataset: dataset.digest, parent: champion.model.digest, version: 'v2', by });
  return await until('the training run ends', 180, async () => {
    const view = await stack.get(`training/${run.id}`);
    return !['Queued', 'Running', 'Packing', 'Gating'].includes(view.state) && view;
  });
}

const over = state => ['Completed', 'RolledBack', 'Aborted'].includes(state);

// The canary is the drifting device, where the models disagree; some of what they disagree on is judged, the rest waits.
// On a machine that is busy with other things a device may find the new model too slow and give it back: then it is tried again.
export async function rollingOut(stack, model, judged = 8, tries = 4) {
  const rollout = await stack.post('rollouts', {
    name: 'night-lamps', model, everything: true,
    rings: [{ name: 'canary', devices: ['device-2'] }, { name: 'line 3', count: 1, approval: true }, { name: 'everyone', percent: 100 }],
    soak: { seconds: 5, parts: 4000, timeoutSeconds: 7200 },
  });
  for (let done = 0; done < judged;) {
    const page = await until('the models disagree on a frame', 300, async () => {
      if (over((await stack.get(`rollouts/${rollout.id}`)).state)) return { ended: true };
      const found = await stack.get(`rollouts/${rollout.id}/discordant?limit=10`);
      return found.frames.length > 0 && found;
    });
    if (page.ended) {
      if (tries === 1) throw new Error('The rollout ended before anything could be judged.');
      return await rollingOut(stack, model, judged, tries - 1);
    }
    for (const frame of page.frames) {
      const truth = await stack.truth(frame);
      if (truth === null) { await stack.put(`frames/${frame.id}/label`, { class: null, by, skip: true }); continue; }
      const right = frame.challenger.class === truth ? 'Challenger' : frame.champion.class === truth ? 'Champion' : 'Neither';
      await stack.post(`rollouts/${rollout.id}/discordant/${frame.id}`, { right, by, class: right === 'Neither' ? truth : null });
      if (++done === judged) break;
    }
  }
  return rollout.id;
}

// Everything at once, for pictures.
export async function fill(stack, devices) {
  await installed(stack, devices);
  await stack.changeLine('line-2', { lamp: 0.45, rampSeconds: 10 });
  const run = await trained(stack);
  if (!run.model) throw new Error(`The training ended as ${run.state}: ${run.reason}`);
  await drifting(stack, 'device-2');
  const rollout = await rollingOut(stack, run.model);
  await stack.put('devices/device-1/labels', { labels: { line: '1', product: 'bracket' } });
  await stack.put('devices/device-2/labels', { labels: { line: '2', product: 'bracket' } });
  await stack.put('devices/device-3/labels', { labels: { line: '3', product: 'housing' } });
  // The device on trial knows the light by now; another line's lamp ages, and nobody has looked yet.
  await stack.changeLine('line-3', { lamp: 0.45, rampSeconds: 10 });
  await drifting(stack, 'device-3');
  return { rollout, training: run.id };
}
