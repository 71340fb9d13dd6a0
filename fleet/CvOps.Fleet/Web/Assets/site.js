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
  // A page that a person is drawing on.
  if (document.querySelector('[data-still]')) return;
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
  for (const kind of ['device', 'rollout', 'drift', 'frame', 'training', 'model', 'deadletter', 'quality', 'alert']) events.addEventListener(kind, () => { heard(); changed(kind); });
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
    if (go) { await send('POST', button.dataset.post, { by: known() ?? 'dashboard', reason: reason.value }); refresh(); }
  });
}

export async function send(method, path, body) {
  const answer = await fetch(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  if (answer.ok) return true;
  const problem = await answer.json().catch(() => ({}));
  alert(problem.detail ?? `The fleet answered ${answer.status}.`);
  return false;
}

// Whoever labels says once who that is; the browser remembers.
const known = () => localStorage.getItem('cvops-name');

export async function who(anew = false) {
  if (known() && !anew) return known();
  const dialog = document.createElement('dialog');
  const form = Object.assign(document.createElement('form'), { method: 'dialog' });
  const label = Object.assign(document.createElement('label'), { textContent: 'Your name; it stands with every label you give' });
  const name = Object.assign(document.createElement('input'), { required: true, maxLength: 60, value: known() ?? '' });
  label.append(name);
  form.append(label, Object.assign(document.createElement('button'), { textContent: 'Go on', value: 'go' }));
  dialog.append(form);
  document.body.append(dialog);
  dialog.showModal();
  await new Promise(closed => dialog.addEventListener('close', closed));
  dialog.remove();
  if (dialog.returnValue === 'go' && name.value.trim()) localStorage.setItem('cvops-name', name.value.trim());
  showName();
  return known();
}

function showName() {
  document.getElementById('who').textContent = known() ? `you: ${known()}` : 'who are you?';
}

async function label(frame, word) {
  const by = await who();
  if (!by) return;
  const body = { class: null, by, via: 'page', ...(word ?? { skip: true }) };
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
    ? await send('PUT', `api/v1/frames/${pair.dataset.pair}/label`, { class: null, by: known() ?? 'dashboard', skip: true })
    : await send('POST', `api/v1/rollouts/${pair.dataset.rollout}/discordant/${pair.dataset.pair}`, { right: button.dataset.judge, by: known() ?? 'dashboard', class: button.dataset.class ?? null });
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
    const answer = await fetch(button.dataset.check, { method: 'POST' });
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

document.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.dataset.post) act(button);
  else if (button.dataset.accept) accept(button);
  else if (button.dataset.check) check(button);
  else if (button.dataset.plan) plan(button.dataset.plan);
  else if (button.dataset.judge) judge(button);
  else if (button.id === 'who') who(true);
  else if (button.dataset.label) label(button.closest('[data-frame]'), { class: button.dataset.label });
  else if (button.dataset.verdict) label(button.closest('[data-frame]'), { verdict: button.dataset.verdict });
  else if ('settle' in button.dataset) settle(button);
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
  if (event.key >= '1' && event.key <= '9' && classes[event.key - 1]) label(frame, { class: classes[event.key - 1] });
  else if (event.key === 'Enter' && frame.dataset.says) label(frame, { class: frame.dataset.says });
  else if (event.key === 'o' || event.key === 'O') label(frame, { verdict: 'Ok' });
  else if (event.key === 'n' || event.key === 'N') label(frame, { verdict: 'Ng' });
  else if (event.key === 'd' || event.key === 'D') location.href = `labels/${frame.dataset.frame}`;
  else if (event.key === 's' || event.key === 'S') label(frame, null);
  else return;
  event.preventDefault();
});

showName();
listen();
