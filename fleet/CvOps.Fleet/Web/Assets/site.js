// Pages are rendered on the server. This script keeps them live: when the fleet says that something a page shows has
// changed, the page is fetched again and only the elements that differ are replaced.
const live = document.getElementById('live');
let pending = null;
let lastHeard = Date.now();

function shows(kind) {
  const element = document.querySelector('[data-live]');
  return element && element.dataset.live.split(' ').includes(kind) && (element.dataset.liveWhen !== 'empty' || !element.querySelector('[data-frame]:not(.done)'));
}

function changed(kind) {
  if (!shows(kind) || pending) return;
  pending = setTimeout(refresh, 600);
}

async function refresh() {
  pending = null;
  if (document.querySelector('dialog[open]')) { pending = setTimeout(refresh, 600); return; }
  try {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    morph(document.getElementById('content'), page.getElementById('content'));
  } catch { /* The stale notice already says that the fleet is away. */ }
}

// Makes `now` equal to `next` and leaves untouched whatever is the same, so focus, scroll and open images stay.
function morph(now, next) {
  if (now.isEqualNode(next)) return;
  const same = now.nodeType === Node.ELEMENT_NODE && next.nodeType === Node.ELEMENT_NODE && now.tagName === next.tagName && now.dataset?.key === next.dataset?.key;
  if (!same) { now.replaceWith(next.cloneNode(true)); return; }
  for (const { name } of [...now.attributes]) if (!next.hasAttribute(name)) now.removeAttribute(name);
  for (const { name, value } of next.attributes) if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  const keyed = new Map([...now.children].filter(child => child.dataset.key).map(child => [child.dataset.key, child]));
  let at = now.firstChild;
  for (const child of [...next.childNodes]) {
    const match = child.dataset?.key ? keyed.get(child.dataset.key) : null;
    if (match && match !== at) { now.insertBefore(match, at); morph(match, child); }
    else if (at) { const after = at.nextSibling; morph(at, child); at = after; }
    else now.append(child.cloneNode(true));
  }
  while (at) { const after = at.nextSibling; at.remove(); at = after; }
}

function listen() {
  const events = new EventSource('api/v1/events');
  events.onopen = () => { heard(); refresh(); };
  events.onerror = () => stale();
  for (const kind of ['device', 'rollout', 'drift', 'frame', 'training', 'model', 'deadletter']) events.addEventListener(kind, () => { heard(); changed(kind); });
}

function heard() {
  lastHeard = Date.now();
  live.className = 'live on';
  live.textContent = 'live';
}

function stale() {
  live.className = 'live off';
  live.textContent = `stale: no word from the fleet since ${new Date(lastHeard).toLocaleTimeString()}`;
}

// A rollout action asks for a reason first; the question names what will happen.
async function act(button) {
  const dialog = document.createElement('dialog');
  const form = document.createElement('form');
  form.method = 'dialog';
  const question = Object.assign(document.createElement('p'), { textContent: button.dataset.confirm });
  const label = Object.assign(document.createElement('label'), { textContent: 'Reason, for the audit log' });
  const reason = Object.assign(document.createElement('input'), { required: true, name: 'reason' });
  label.append(reason);
  const row = Object.assign(document.createElement('div'), { className: 'actions' });
  row.append(Object.assign(document.createElement('button'), { textContent: button.textContent, value: 'go', className: button.className }),
    Object.assign(document.createElement('button'), { textContent: 'Cancel', value: '', formNoValidate: true }));
  form.append(question, label, row);
  dialog.append(form);
  document.body.append(dialog);
  dialog.showModal();
  dialog.addEventListener('close', async () => {
    const go = dialog.returnValue === 'go';
    dialog.remove();
    if (go) { await send('POST', button.dataset.post, { by: 'dashboard', reason: reason.value }); refresh(); }
  });
}

async function send(method, path, body) {
  const answer = await fetch(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  if (answer.ok) return true;
  const problem = await answer.json().catch(() => ({}));
  alert(problem.detail ?? `The fleet answered ${answer.status}.`);
  return false;
}

async function label(frame, name) {
  const body = name ? { class: name, by: 'dashboard' } : { class: null, by: 'dashboard', skip: true };
  if (!await send('PUT', `api/v1/frames/${frame.dataset.frame}/label`, body)) return;
  frame.classList.add('done');
  const next = [...document.querySelectorAll('[data-frame]:not(.done)')][0];
  if (next) { next.focus(); next.scrollIntoView({ block: 'nearest' }); } else refresh();
}

// What a plan would do, or what it does: the fleet's answer in its own words.
async function plan(what) {
  const path = what === 'check' ? 'api/v1/rollouts/check' : `api/v1/rollouts?by=dashboard${what === 'draft' ? '&draft=true' : ''}`;
  const answer = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/yaml' }, body: document.getElementById('plan-text').value });
  const said = await answer.json().catch(() => ({}));
  if (answer.status === 201) { location.href = `rollouts/${said.id}`; return; }
  const lines = answer.ok && said.mistakes.length === 0
    ? [...said.rings.map(ring => `Ring ${ring.name}: ${ring.devices} device(s), ${ring.tell} could be told now${ring.waits ? `; ${ring.waits}` : ''}`),
      ...(said.coverage ? said.coverage.rings.map(ring => `Up to ring ${ring.ring}: ${ring.strataSoFar} of ${said.coverage.strata} kinds of place, ${Math.round(100 * ring.shareSoFar)} % of the devices`) : []), ...said.notes]
    : (said.mistakes ?? []).map(mistake => `${mistake.line ? `Line ${mistake.line}: ` : ''}${mistake.path ? `${mistake.path}: ` : ''}${mistake.problem}`);
  const good = answer.ok && said.mistakes.length === 0;
  const list = Object.assign(document.createElement('ul'), { className: 'answer' });
  list.append(...(lines.length ? lines : [said.detail ?? `The fleet answered ${answer.status}.`]).map(text => Object.assign(document.createElement('li'), { textContent: text })));
  const head = Object.assign(document.createElement('h2'), { textContent: good ? 'The plan is sound' : 'The plan can not be started', className: good ? 'fine' : 'problem' });
  document.getElementById('plan-answer').replaceChildren(head, list);
}

// One answer to one frame; the next one comes with the page.
async function judge(button) {
  const pair = button.closest('[data-pair]');
  const done = button.dataset.judge === 'Skip'
    ? await send('PUT', `api/v1/frames/${pair.dataset.pair}/label`, { class: null, by: 'dashboard', skip: true })
    : await send('POST', `api/v1/rollouts/${pair.dataset.rollout}/discordant/${pair.dataset.pair}`, { right: button.dataset.judge, by: 'dashboard', class: button.dataset.class ?? null });
  if (done) refresh();
}

document.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.dataset.post) act(button);
  else if (button.dataset.plan) plan(button.dataset.plan);
  else if (button.dataset.judge) judge(button);
  else if (button.dataset.label) label(button.closest('[data-frame]'), button.dataset.label);
  else if ('skip' in button.dataset) label(button.closest('[data-frame]'), null);
});

document.addEventListener('keydown', event => {
  const pair = document.querySelector('[data-pair]');
  if (pair && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest('input, textarea, dialog')) {
    const answers = [...pair.querySelectorAll('[data-judge]')];
    const chosen = event.key.toLowerCase() === 's' ? answers.at(-1) : event.key >= '1' && event.key <= '9' ? answers.slice(0, -1)[event.key - 1] : null;
    if (chosen) { chosen.click(); event.preventDefault(); return; }
  }
  const list = document.getElementById('labels');
  if (!list || event.ctrlKey || event.metaKey || event.altKey || event.target.closest('button, input, a')) return;
  const frame = document.activeElement?.closest('[data-frame]:not(.done)') ?? document.querySelector('[data-frame]:not(.done)');
  if (!frame) return;
  const classes = list.dataset.classes.split(',');
  if (event.key >= '1' && event.key <= '9' && classes[event.key - 1]) label(frame, classes[event.key - 1]);
  else if (event.key === 'Enter' && frame.dataset.says) label(frame, frame.dataset.says);
  else if (event.key === 's' || event.key === 'S') label(frame, null);
  else return;
  event.preventDefault();
});

listen();
