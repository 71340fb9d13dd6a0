// What every page needs of the fleet: to say something, to ask the person, to tell how it went.
const said = name => document.querySelector(`meta[name="${name}"]`)?.content ?? null;

// Who is signed in; the fleet takes no other name from a page.
export const known = () => said('signed-in');

// What every change carries: that it comes from this session's own page.
export const signed = headers => ({ ...headers, 'x-cvops-form': said('form-token') ?? '' });

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  use.setAttribute('href', `assets/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

let fading = null;

export function tell(text, bad = false) {
  const toast = document.getElementById('toast');
  toast.className = bad ? 'toast bad' : 'toast';
  toast.textContent = text;
  clearTimeout(fading);
  fading = setTimeout(() => { toast.textContent = ''; }, bad ? 12000 : 5000);
}

// The fleet's answer where it did what was asked, else why not in a sentence.
export async function ask(method, path, body) {
  try {
    const answer = await fetch(path, { method, headers: signed({ 'content-type': 'application/json' }), body: JSON.stringify(body) });
    if (answer.ok) return { answer };
    return { problem: (await answer.json().catch(() => ({}))).detail ?? `The fleet answered ${answer.status}.` };
  } catch {
    return { problem: 'The fleet did not answer; nothing is known to have been done.' };
  }
}

// True when the fleet did it; otherwise the person has read why not.
export async function send(method, path, body) {
  const { problem } = await ask(method, path, body);
  if (problem) tell(problem, true);
  return !problem;
}

// Shows a dialog and answers with what it was closed with.
export async function open(dialog) {
  document.body.append(dialog);
  dialog.showModal();
  await new Promise(closed => dialog.addEventListener('close', closed, { once: true }));
  dialog.remove();
  return dialog.returnValue;
}

export const who = async () => known();

const reasons = ['Looks wrong on the line', 'Asked for by the line', 'Planned work'];

const choice = (verb, style) => make('div', { className: 'actions' }, make('button', { textContent: 'Cancel', value: '', formNoValidate: true }), make('button', { textContent: verb, value: 'go', className: style }));

// Asks before something happens of which the log needs no reason: the question names what will.
export async function sure(question, says, verb, style) {
  return await open(make('dialog', { ariaLabel: question }, make('form', { method: 'dialog' }, make('h2', { textContent: question }), make('p', { textContent: says }), choice(verb, style)))) === 'go';
}

// Asks before something happens: the question names what will, the reason goes into the audit log.
export async function confirm(question, says, verb, style) {
  const reason = make('input', { required: true, name: 'reason', maxLength: 300, autocomplete: 'off' });
  const quick = make('div', { className: 'actions quick' }, ...reasons.map(text => {
    const button = make('button', { type: 'button', textContent: text });
    button.addEventListener('click', () => { reason.value = text; reason.focus(); });
    return button;
  }));
  const dialog = make('dialog', { ariaLabel: question }, make('form', { method: 'dialog' },
    make('h2', { textContent: question }), make('p', { textContent: says }), make('label', { textContent: 'Reason, for the audit log' }, reason), quick,
    choice(verb, style)));
  return await open(dialog) === 'go' ? reason.value : null;
}
