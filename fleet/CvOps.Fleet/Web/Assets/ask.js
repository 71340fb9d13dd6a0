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

// True when the fleet did it; otherwise the person has read why not.
export async function send(method, path, body) {
  try {
    const answer = await fetch(path, { method, headers: signed({ 'content-type': 'application/json' }), body: JSON.stringify(body) });
    if (answer.ok) return true;
    const problem = await answer.json().catch(() => ({}));
    tell(problem.detail ?? `The fleet answered ${answer.status}.`, true);
  } catch {
    tell('The fleet did not answer; nothing is known to have been done.', true);
  }
  return false;
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
    make('div', { className: 'actions' }, make('button', { textContent: 'Cancel', value: '', formNoValidate: true }), make('button', { textContent: verb, value: 'go', className: style }))));
  return await open(dialog) === 'go' ? reason.value : null;
}
