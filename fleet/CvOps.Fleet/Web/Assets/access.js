// The page of a link that opens once. Its secret is behind #, which browsers send to nobody.
const says = document.getElementById('welcome-says');
const form = document.getElementById('welcome');

async function post(path, fields) {
  return fetch(path, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(fields) });
}

async function problem(answer) {
  return (await answer.json().catch(() => ({}))).detail ?? `The fleet answered ${answer.status}.`;
}

async function begin() {
  const secret = location.hash.slice(1);
  // Not in the history and not over anybody's shoulder.
  history.replaceState(null, '', location.pathname);
  const answer = await post('welcome/look', { secret });
  if (!answer.ok) { says.textContent = await problem(answer); says.className = 'problem'; return; }
  const name = await answer.text();
  says.textContent = name ? `Choose a password for ${name}.` : 'You are the first here: choose the name and password of the administrator.';
  if (name) { form.elements.name.value = name; form.elements.name.readOnly = true; }
  form.hidden = false;
  form.elements[name ? 'password' : 'name'].focus();
  form.addEventListener('submit', async event => {
    event.preventDefault();
    const { name: called, password, again } = form.elements;
    if (password.value !== again.value) { says.textContent = 'The two passwords differ.'; says.className = 'problem'; return; }
    const made = await post('welcome/password', { secret, name: called.value, password: password.value });
    if (made.ok) { location.href = './'; return; }
    says.textContent = await problem(made);
    says.className = 'problem';
  });
}

if (form) begin();
