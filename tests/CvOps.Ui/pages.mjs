// Every page of the dashboard, with the address it has in a filled fleet. What is missing here is an error (`missing`).
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib/stack.mjs';

// Those that people see before they are signed in: they are looked at by somebody whom nobody knows.
export const entries = new Set(['sign-in', 'welcome']);

export async function pages(stack) {
  const [frame] = (await stack.get('frames?state=labelled&limit=1')).frames;
  const [dataset, older] = await stack.get('datasets');
  const models = await stack.get('models');
  const rollouts = await stack.get('rollouts');
  const running = rollouts.find(rollout => !['Completed', 'RolledBack', 'Aborted'].includes(rollout.state)) ?? rollouts[0];
  const drifting = (await stack.get('drift')).find(view => view.state === 'Alarm');
  const [run] = await stack.get('training');
  const newest = models.find(model => model.lineage?.parent) ?? models[0];
  // Somebody who was let in and has not come yet: the link opens the page of welcome, and stays good while nobody takes a password.
  const guest = `guest-${Date.now()}`;
  const { link } = await stack.post('accounts', { name: guest, roles: [{ role: 'Operator', site: 'site-1' }] });
  const all = {
    fleet: '', alerts: 'alerts', devices: 'devices', device: 'devices/device-2', rollouts: 'rollouts', rollout: `rollouts/${running.id}`, 'new-rollout': `rollouts/new?model=${newest.model.digest}`,
    drift: 'drift', 'drift-camera': `drift/${drifting?.device ?? 'device-2'}/${drifting?.camera ?? 'cam-1'}`,
    labels: 'labels', label: 'labels/next', review: 'labels/review', frames: 'frames', frame: `frames/${frame.id}`, similar: `frames/${frame.id}/similar`, quality: 'quality',
    datasets: 'datasets', dataset: `datasets/${dataset.digest}`, 'dataset-changes': `datasets/compare?from=${(older ?? dataset).digest}&to=${dataset.digest}`, lineage: `lineage?model=${newest.model.digest}`, training: 'training',
    runs: 'tracking', run: `tracking/compare?run=${encodeURIComponent(run.id)}`, models: 'models', model: `models/${newest.model.digest}`, deadletters: 'deadletters',
    audit: 'audit?check=yes', api: 'api', settings: 'settings', tokens: 'settings/tokens', people: 'settings/people', person: `settings/people/${guest}`, enrolment: 'settings/enrolment', keys: 'settings/keys',
    'sign-in': 'sign-in', welcome: link.slice(1),
  };
  const lost = missing(Object.values(all));
  if (lost.length > 0) throw new Error(`These pages are in no picture and no test: ${lost.join(', ')}. Add them to tests/CvOps.Ui/pages.mjs.`);
  return all;
}

// Routes of the program's pages that no address goes to.
export function missing(paths) {
  const folder = join(root, 'fleet/CvOps.Fleet/Web');
  const routes = readdirSync(folder, { recursive: true }).filter(name => name.endsWith('.razor'))
    .flatMap(name => [...readFileSync(join(folder, name), 'utf8').matchAll(/^@page "([^"]*)"/gm)].map(([, route]) => route));
  // An address belongs to the route with the fewest parameters that fits.
  const pattern = route => new RegExp(`^${route.replaceAll(/[.+?^$()|[\]\\]/g, '\\$&').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`);
  const narrow = [...routes].sort((a, b) => a.split('{').length - b.split('{').length);
  const gone = new Set(paths.map(path => narrow.find(route => pattern(route).test(`/${path.replace(/[?#].*$/, '')}`))));
  return routes.filter(route => !gone.has(route));
}
