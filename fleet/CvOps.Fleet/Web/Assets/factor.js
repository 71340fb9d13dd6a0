// The second factor of whoever is signed in: what its forms post, and the recovery codes, which are shown once.
import { make, open, signed, tell } from './ask.js';
import { refresh } from './live.js';

// Six digits, or two halves of a recovery code; a password has twelve characters or more.
const isCode = text => /^(\d{3} ?\d{3}|[a-z2-9]{5}-?[a-z2-9]{5})$/i.test(text.trim());

async function post(path, body) {
  try {
    const answer = await fetch(`api/v1/who/factor${path}`, { method: 'POST', headers: signed({ 'content-type': 'application/json' }), body: JSON.stringify(body) });
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) return said;
    tell(said.detail ?? `The fleet answered ${answer.status}.`, true);
  } catch { tell('The fleet did not answer; nothing is known to have been done.', true); }
  return null;
}

async function show(codes) {
  const copy = make('button', { type: 'button', textContent: 'Copy' });
  copy.addEventListener('click', async () => {
    // Beyond https a browser lets no page write there.
    try { await navigator.clipboard.writeText(codes.join('\n')); copy.textContent = 'Copied'; } catch { copy.textContent = 'Write them down instead'; }
  });
  const dialog = make('dialog', { ariaLabel: 'Recovery codes' }, make('form', { method: 'dialog' },
    make('h2', { textContent: 'Recovery codes' }),
    make('p', { textContent: 'Each lets you in once when your authenticator is lost. They are shown this once: print them or write them down.' }),
    make('ol', { className: 'codes' }, ...codes.map(code => make('li', {}, make('code', { textContent: code })))),
    make('div', { className: 'actions' }, copy, make('button', { textContent: 'I have kept them', value: 'kept', className: 'go' }))));
  // They go away when somebody says so, and by no stray click or key.
  dialog.dataset.firm = '';
  dialog.addEventListener('cancel', event => event.preventDefault());
  await open(dialog);
}

async function change(form, what) {
  const said = form.elements.proof.value;
  const proof = isCode(said) ? { code: said } : { password: said };
  const done = what === 'set-up' ? await post('', { password: said }) : what === 'confirm' ? await post('/confirm', { code: said }) : await post(`/${what}`, proof);
  if (!done) return;
  form.reset();
  if (done.codes) await show(done.codes);
  if (what === 'remove') tell('Signing in takes the password alone now.');
  refresh();
}

export function factor() {
  document.addEventListener('submit', event => {
    const form = event.target.closest('form[data-factor]');
    if (!form) return;
    event.preventDefault();
    change(form, event.submitter?.value || form.dataset.factor);
  });
}
