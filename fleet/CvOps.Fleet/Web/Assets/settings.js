// What administrators set. A form or button says where it goes (data-set="METHOD path") and what the question is; {name} in it stands for what was filled in.
// What is told only once (a link, a token) is shown until it is put away.
import { ask, make, open, sure, tell } from './ask.js';
import { refresh } from './live.js';

// A field named like a property of its form hides it (a form with a field "dataset" has no form.dataset), so attributes are asked for.
const says = (element, name) => element.getAttribute(`data-${name}`);

const words = text => text.split(/[\s,]+/).filter(word => word);

function given(field) {
  const text = field.value.trim();
  switch (field.dataset.as) {
    case 'number': return text === '' ? undefined : Number(text);
    case 'words': return words(text).length ? words(text) : undefined;
    case 'moment': return text === '' ? undefined : new Date(text).toISOString();
    default: return text === '' ? undefined : field.value;
  }
}

// The fields with a name, as JSON: a check box in a group is one of a list, a role goes with its site.
function body(form) {
  const said = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled) continue;
    if (field.type === 'checkbox' && field.dataset.as === 'each') (said[field.name] ??= []).push(...(field.checked ? [field.value] : []));
    else if (field.type === 'checkbox') said[field.name] = field.checked;
    else if (given(field) !== undefined) said[field.name] = given(field);
  }
  const grant = says(form, 'grant');
  if (grant) {
    said[grant] = [{ role: said.role, site: said.site ?? null }];
    delete said.role;
    delete said.site;
  }
  return said;
}

// A sentence with what a person sees in the form.
const filled = (form, text) => text.replace(/\{(\w+)\}/g, (_, name) => {
  const fields = [...form.elements].filter(field => field.name === name);
  if (fields[0]?.type === 'checkbox') return fields.filter(field => field.checked).map(field => field.dataset.word ?? field.value).join(', ') || fields[0].dataset.none || 'nothing';
  return (fields[0]?.tagName === 'SELECT' ? fields[0].selectedOptions[0].dataset.word ?? fields[0].selectedOptions[0].text : fields[0]?.value.trim()) || fields[0]?.dataset.none || 'nothing';
});

// A secret: it goes away when somebody says that it is kept, and by no stray click or key.
async function once(title, text, secret) {
  const shown = make('pre', { textContent: secret, tabIndex: 0, className: 'secret' });
  shown.setAttribute('aria-label', title);
  const copy = make('button', { type: 'button', textContent: 'Copy', className: 'go' });
  copy.addEventListener('click', async () => {
    const range = document.createRange();
    range.selectNodeContents(shown);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    // Beyond https a browser lets no page write there: then it is marked, ready for the keys.
    try { await navigator.clipboard.writeText(secret); copy.textContent = 'Copied'; } catch { copy.textContent = 'Marked: copy it with your keys'; }
  });
  const dialog = make('dialog', { ariaLabel: title }, make('form', { method: 'dialog' }, make('h2', { textContent: title }), make('p', { textContent: text }), shown,
    make('div', { className: 'actions' }, make('button', { textContent: 'I have kept it' }), copy)));
  dialog.dataset.firm = '';
  dialog.addEventListener('cancel', event => event.preventDefault());
  await open(dialog);
}

// Where the answer has a secret: what is shown of it.
const secrets = {
  link: said => said.link && new URL(said.link, location.href).href,
  token: said => said.text,
  enrol: said => said.text && `cvops-agent enroll --fleet ${location.origin} --token ${said.text}`,
};

async function set(element, said, verb, style) {
  const fill = name => {
    const text = says(element, name) ?? '';
    return element.tagName === 'FORM' ? filled(element, text) : text;
  };
  if (says(element, 'title') && !await sure(fill('title'), fill('confirm'), verb, style)) return;
  const [method, path] = says(element, 'set').split(' ');
  const { answer, problem } = await ask(method, path, said);
  const place = element.querySelector?.('.problem');
  if (place) place.textContent = problem ?? '';
  if (problem) { if (!place) tell(problem, true); return; }
  const done = await answer.json().catch(() => ({}));
  const secret = secrets[says(element, 'once')]?.(done);
  if (secret) await once(fill('once-title'), says(element, 'once-says'), secret);
  else if (says(element, 'same') && done.name !== said.name) tell(says(element, 'same').replace('{name}', done.name));
  else tell(`${verb}: done.`);
  if (element.tagName === 'FORM') element.reset();
  refresh();
}

export function settings() {
  document.addEventListener('submit', event => {
    const form = event.target;
    if (!says(form, 'set')) return;
    event.preventDefault();
    const place = form.querySelector('.problem');
    const [first, again] = [form.querySelector('[name=next]'), form.querySelector('[data-again]')];
    if (again && first.value !== again.value) { place.textContent = 'The two passwords differ.'; again.focus(); return; }
    const button = event.submitter ?? form.querySelector('button');
    set(form, body(form), button.textContent.trim(), button.className);
  });
  document.addEventListener('click', event => {
    const button = event.target.closest('button[data-set]');
    if (button) set(button, JSON.parse(button.dataset.body ?? '{}'), button.textContent.trim(), button.className);
  });
}
