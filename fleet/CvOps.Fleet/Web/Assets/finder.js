// Going places by keyboard: / finds, g and a letter goes, j and k walk a list, ? shows the keys.
import { icon, make } from './ask.js';

const dialog = document.getElementById('find-dialog');
const text = document.getElementById('find-text');
const list = document.getElementById('found');
let asked = 0;
let answered = 0;
let finding;
let chosen = 0;

async function find() {
  const mine = ++asked;
  const answer = await fetch(`find?q=${encodeURIComponent(text.value)}`).catch(() => null);
  const found = answer?.ok ? await answer.json() : null;
  if (mine !== asked || !found) return;
  list.replaceChildren(...found.map((item, at) => {
    const line = make('li', { id: `found-${at}`, role: 'option' }, icon(item.icon), make('span', { textContent: item.text }), make('span', { className: 'aside', textContent: item.kind }));
    line.dataset.path = item.path;
    return line;
  }));
  if (found.length === 0) list.append(make('li', { className: 'none', role: 'option', textContent: 'Nothing of that name.' }));
  choose(0);
  answered = mine;
}

// Who types faster than the answer comes means what was typed, not what is still shown.
async function enter() {
  for (let last; last !== asked;) {
    last = asked;
    await finding;
  }
  if (answered === asked) go(list.querySelector('[aria-selected=true]'));
}

function choose(at) {
  const lines = [...list.querySelectorAll('[data-path]')];
  chosen = lines.length ? (at + lines.length) % lines.length : 0;
  lines.forEach((line, index) => line.setAttribute('aria-selected', index === chosen));
  lines[chosen]?.scrollIntoView({ block: 'nearest' });
  text.setAttribute('aria-activedescendant', lines[chosen]?.id ?? '');
}

function go(line) {
  if (line) location.href = line.dataset.path || './';
}

function open() {
  text.value = '';
  dialog.showModal();
  finding = find();
}

function walk(step) {
  const links = [...document.querySelectorAll('[data-list] tbody th a, [data-list] > li > a, [data-list] .button')].filter(link => link.offsetParent);
  if (links.length === 0) return;
  const at = links.indexOf(document.activeElement);
  links[Math.min(Math.max(at + step, 0), links.length - 1)].focus();
}

let going = 0;

function key(event) {
  if (event.key === 'k' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); open(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]') || event.target.closest('input, textarea, select')) return;
  const wentAt = going;
  going = 0;
  // A page with keys of its own keeps them.
  const own = document.querySelector('#editor');
  if (event.key === '/') open();
  else if (event.key === '?' && !own) document.getElementById('help').showModal();
  else if (own) return;
  else if (Date.now() - wentAt < 1500 && document.querySelector(`[data-goto="${CSS.escape(event.key)}"]`)) location.href = document.querySelector(`[data-goto="${CSS.escape(event.key)}"]`).dataset.path || './';
  else if (event.key === 'g') going = Date.now();
  else if (event.key === 'j') walk(1);
  else if (event.key === 'k') walk(-1);
  else return;
  event.preventDefault();
}

export function finder() {
  text.addEventListener('input', () => { finding = find(); });
  text.addEventListener('keydown', event => {
    if (event.key === 'ArrowDown') choose(chosen + 1);
    else if (event.key === 'ArrowUp') choose(chosen - 1);
    // A search field would only empty itself.
    else if (event.key === 'Escape') dialog.close();
    else if (event.key === 'Enter') enter();
    else return;
    event.preventDefault();
  });
  list.addEventListener('click', event => go(event.target.closest('[data-path]')));
  // A click beside a dialog closes it.
  document.addEventListener('click', event => { if (event.target.tagName === 'DIALOG' && event.target.dataset.firm === undefined) event.target.close(); });
  document.addEventListener('keydown', key);
  document.addEventListener('click', event => {
    const button = event.target.closest('button');
    if (button?.dataset.find !== undefined) open();
    else if (button?.dataset.help !== undefined) document.getElementById('help').showModal();
    else if (button?.dataset.more !== undefined) document.getElementById('more').showModal();
  });
}
