// What buttons do. Each says what it does in its data attributes.
import { confirm, known, make, send, signed, tell, who } from './ask.js';
import { refresh } from './live.js';

// Something that is decided: the question names what will happen, the reason is asked for.
async function act(button) {
  const says = button.dataset.confirm;
  const cut = says.indexOf('? ');
  const question = button.dataset.title ?? (cut > 0 ? says.slice(0, cut + 1) : says);
  const reason = await confirm(question, button.dataset.title || cut <= 0 ? (button.dataset.title ? says : '') : says.slice(cut + 2), button.textContent.trim(), button.className);
  if (reason === null) return;
  const extra = button.dataset.body ? JSON.parse(button.dataset.body) : {};
  if (await send('POST', button.dataset.post, { by: known() ?? 'dashboard', reason, ...extra })) { tell(`${button.textContent.trim()}: done.`); refresh(); }
}

// A command to a device, answered while one waits.
async function command(button, device, name, given) {
  button.disabled = true;
  tell(`${name}: asking the device.`);
  let said = {};
  try {
    const answer = await fetch(`api/v1/devices/${device}/commands`, { method: 'POST', headers: signed({ 'content-type': 'application/json' }), body: JSON.stringify({ name, arguments: given }) });
    said = await answer.json().catch(() => ({}));
    tell(said.message ?? said.detail ?? `The fleet answered ${answer.status}.`, !answer.ok || said.succeeded === false);
  } catch { tell('The fleet did not answer.', true); }
  button.disabled = false;
  refresh();
  return said;
}

const tones = { Warning: 'warn', Error: 'bad', Critical: 'bad' };

// What a device's agent said, the newest line first.
async function log(button) {
  const { log: lines } = await command(button, button.dataset.log, 'log', { severity: button.closest('section').querySelector('[data-severity]').value });
  if (!lines) return;
  const place = document.getElementById('log');
  if (!lines.length) { place.replaceChildren(make('p', { className: 'aside', textContent: 'The agent has said nothing of that kind since it started.' })); return; }
  place.replaceChildren(make('ol', { className: 'history' }, ...lines.reverse().map(line => make('li', {},
    make('time', { dateTime: line.at, textContent: new Date(line.at).toLocaleString() }), ' ',
    make('span', { className: `badge ${tones[line.severity] ?? 'calm'}`, textContent: line.severity }), ' ',
    make('strong', { textContent: line.source }), ` ${line.message}`))));
}

// What a plan would do, or what it does: the fleet's answer in its own words.
async function plan(what) {
  const path = what === 'check' ? 'api/v1/rollouts/check' : `api/v1/rollouts?by=${encodeURIComponent(known() ?? 'dashboard')}${what === 'draft' ? '&draft=true' : ''}`;
  const answer = await fetch(path, { method: 'POST', headers: signed({ 'content-type': 'application/yaml' }), body: document.getElementById('plan-text').value });
  const said = await answer.json().catch(() => ({}));
  if (answer.status === 201) { location.href = `rollouts/${said.id}`; return; }
  const good = answer.ok && said.mistakes.length === 0;
  const lines = good
    ? [...said.rings.map(ring => `Ring ${ring.name}: ${ring.devices} device${ring.devices === 1 ? '' : 's'}, ${ring.tell} could be told now${ring.waits ? `; ${ring.waits}` : ''}`),
      ...(said.coverage ? said.coverage.rings.map(ring => `Up to ring ${ring.ring}: ${ring.strataSoFar} of ${said.coverage.strata} kinds of place, ${Math.round(100 * ring.shareSoFar)} % of the devices`) : []), ...said.notes]
    : (said.mistakes ?? []).map(mistake => `${mistake.line ? `Line ${mistake.line}: ` : ''}${mistake.path ? `${mistake.path}: ` : ''}${mistake.problem}`);
  document.getElementById('plan-answer').replaceChildren(
    make('h2', { textContent: good ? 'The plan is sound' : 'The plan can not be started', className: good ? 'fine' : 'problem' }),
    make('ul', { className: 'answer' }, ...(lines.length ? lines : [said.detail ?? `The fleet answered ${answer.status}.`]).map(text => make('li', { textContent: text }))));
}

// One answer to one frame; the next one comes with the page.
async function judge(button) {
  const pair = button.closest('[data-pair]');
  for (const other of pair.querySelectorAll('button')) other.disabled = true;
  const done = button.dataset.judge === 'Skip'
    ? await send('PUT', `api/v1/frames/${pair.dataset.pair}/label`, { class: null, by: known() ?? 'dashboard', skip: true })
    : await send('POST', `api/v1/rollouts/${pair.dataset.rollout}/discordant/${pair.dataset.pair}`, { right: button.dataset.judge, by: known() ?? 'dashboard', class: button.dataset.class ?? null });
  for (const other of pair.querySelectorAll('button')) other.disabled = false;
  if (done) refresh();
}

// The reviewer takes over what one annotator said.
async function settle(button) {
  const by = await who();
  if (!by) return;
  const said = button.dataset.opinion ? JSON.parse(button.dataset.opinion) : null;
  const word = said ? { class: said.class ?? null, boxes: said.boxes, polygons: said.polygons ?? null, verdict: said.verdict ?? null, note: said.note ?? null } : { class: null, skip: true };
  if (await send('PUT', `api/v1/frames/${button.dataset.settle}/label`, { ...word, by, via: 'review', review: true })) refresh();
}

// A finding stays as it is, or is open again.
async function accept(button) {
  const by = await who();
  if (!by) return;
  if (await send('PUT', button.dataset.accept, { by, accept: button.dataset.undo === undefined })) refresh();
}

// Runs a check and says how far it is.
async function check(button) {
  const said = document.getElementById('check-stage');
  button.disabled = true;
  try {
    const answer = await fetch(button.dataset.check, { method: 'POST', headers: signed({}) });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = '';;) {
      const { value, done } = await reader.read();
      if (done) break;
      const lines = (rest + value).split('\n');
      rest = lines.pop();
      const line = JSON.parse(lines.at(-1) ?? '{}');
      said.textContent = line.problem ?? (line.of ? `${line.stage} ${line.done} of ${line.of}` : line.stage ?? '');
    }
  } catch { said.textContent = 'The check was cut off.'; }
  button.disabled = false;
  refresh();
}

export function actions() {
  document.addEventListener('click', event => {
    const button = event.target.closest('button');
    if (!button) return;
    if (button.dataset.post) act(button);
    else if (button.dataset.command) command(button, button.dataset.device, button.dataset.command, button.dataset.arguments ? JSON.parse(button.dataset.arguments) : null);
    else if (button.dataset.log) log(button);
    else if (button.dataset.accept) accept(button);
    else if (button.dataset.check) check(button);
    else if (button.dataset.plan) plan(button.dataset.plan);
    else if (button.dataset.judge) judge(button);
    else if ('settle' in button.dataset) settle(button);
  });
  document.addEventListener('keydown', event => {
    const pair = document.querySelector('[data-pair]');
    if (!pair || event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, textarea, select, dialog')) return;
    const answers = [...pair.querySelectorAll('[data-judge]')];
    const chosen = event.key.toLowerCase() === 's' ? answers.at(-1) : event.key >= '1' && event.key <= '9' ? answers.slice(0, -1)[event.key - 1] : null;
    if (chosen) { chosen.click(); event.preventDefault(); }
  });
}
