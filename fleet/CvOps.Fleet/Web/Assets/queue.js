// The label queue by keyboard: one key a frame. What is said goes out while the next frame is looked at; a refusal brings the frame back.
import { send, tell, who } from './ask.js';
import { refresh } from './live.js';

const labelled = [];
const waiting = () => document.querySelector('[data-frame]:not(.done)');

async function label(frame, word) {
  const by = await who();
  if (!by || !frame) return;
  frame.classList.add('done');
  labelled.push(frame);
  const next = waiting();
  if (next) { next.focus({ preventScroll: true }); next.scrollIntoView({ block: 'center' }); }
  const done = await send('PUT', `api/v1/frames/${frame.dataset.frame}/label`, { class: null, by, via: 'page', ...(word ?? { skip: true }) });
  if (!done) { frame.classList.remove('done'); frame.focus(); }
  else if (!waiting()) refresh();
}

// The frame that was labelled last can be labelled anew: the newer word counts, the older stays in its history.
function back() {
  const frame = labelled.pop();
  if (!frame?.isConnected) { tell('Nothing to take back on this page.'); return; }
  frame.classList.remove('done');
  frame.focus({ preventScroll: true });
  frame.scrollIntoView({ block: 'center' });
  tell('Say anew what it is; the first answer stays in its history.');
}

export function queue() {
  document.addEventListener('click', event => {
    const button = event.target.closest('button');
    if (!button) return;
    const frame = button.closest('[data-frame]');
    if (button.dataset.label) label(frame, { class: button.dataset.label });
    else if (button.dataset.verdict) label(frame, { verdict: button.dataset.verdict });
    else if ('skip' in button.dataset) label(frame, null);
  });
  document.addEventListener('keydown', event => {
    const list = document.getElementById('labels');
    if (!list || event.ctrlKey || event.metaKey || event.altKey || event.target.closest('button, input, a, dialog')) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === 'z') { back(); event.preventDefault(); return; }
    const frame = document.activeElement?.closest('[data-frame]:not(.done)') ?? waiting();
    if (!frame) return;
    const classes = JSON.parse(list.dataset.classes);
    if (key >= '1' && key <= '9' && classes[key - 1]) label(frame, { class: classes[key - 1] });
    else if (key === 'Enter' && frame.dataset.says) label(frame, { class: frame.dataset.says });
    else if (key === 'o') label(frame, { verdict: 'Ok' });
    else if (key === 'n') label(frame, { verdict: 'Ng' });
    else if (key === 'd') location.href = `labels/${frame.dataset.frame}`;
    else if (key === 's') label(frame, null);
    else return;
    event.preventDefault();
  });
}
