// Every page of the dashboard, with the address it has in a filled fleet.
export async function pages(stack) {
  const [frame] = (await stack.get('frames?state=labelled&limit=1')).frames;
  const [dataset] = await stack.get('datasets');
  const models = await stack.get('models');
  const rollouts = await stack.get('rollouts');
  const running = rollouts.find(rollout => !['Completed', 'RolledBack', 'Aborted'].includes(rollout.state)) ?? rollouts[0];
  const drifting = (await stack.get('drift')).find(view => view.state === 'Alarm');
  const [run] = await stack.get('training');
  const newest = models.find(model => model.lineage?.parent) ?? models[0];
  return {
    fleet: '', alerts: 'alerts', devices: 'devices', device: 'devices/device-2', rollouts: 'rollouts', rollout: `rollouts/${running.id}`, 'new-rollout': 'rollouts/new',
    drift: 'drift', 'drift-camera': `drift/${drifting?.device ?? 'device-2'}/${drifting?.camera ?? 'cam-1'}`,
    labels: 'labels', label: 'labels/next', review: 'labels/review', frames: 'frames', frame: `frames/${frame.id}`, similar: `frames/${frame.id}/similar`, quality: 'quality',
    datasets: 'datasets', dataset: `datasets/${dataset.digest}`, lineage: `lineage?model=${newest.model.digest}`, training: 'training',
    runs: 'tracking', run: `tracking/compare?run=${encodeURIComponent(run.id)}`, models: 'models', model: `models/${newest.model.digest}`, deadletters: 'deadletters',
  };
}
