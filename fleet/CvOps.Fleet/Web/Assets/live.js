// Pages are rendered on the server. This keeps them live: when the fleet says that something a page shows has changed,
// the page is fetched again and only the elements that differ are replaced. The fleet sets the pace, so that many viewers cost no more than few.
const live = document.getElementById('live');
let pending = null;
let pace = 1000;
let last = 0;
let lastHeard = Date.now();

function shows(kind) {
  const element = document.querySelector('[data-live]');
  return element && element.dataset.live.split(' ').includes(kind) && (element.dataset.liveWhen !== 'empty' || !element.querySelector('[data-frame]:not(.done)'));
}

function changed(kinds) {
  if (pending || !kinds.some(shows)) return;
  pending = setTimeout(() => look(true), Math.max(200, last + pace * (0.8 + 0.4 * Math.random()) - Date.now()));
}

// After something was done here: the page as it is at this moment.
export const refresh = () => look(false);

// The tag of the content that was taken over last.
let tag = '-';

// With `shared` the content may be what others with equal rights were given since the fleet last said that something changed.
async function look(shared) {
  clearTimeout(pending);
  pending = null;
  // A page that a person is drawing on, or nobody looks at.
  if (document.querySelector('[data-still]')) return;
  if (document.hidden || document.querySelector('dialog[open]')) { pending = setTimeout(() => look(shared), 600); return; }
  last = Date.now();
  try {
    const answer = await fetch(location.href, { headers: { accept: 'text/html', ...(shared ? { 'x-cvops-content': tag } : {}) } });
    // The session is over.
    if (answer.redirected && new URL(answer.url).pathname === '/sign-in') { location.href = answer.url; return; }
    if (!answer.ok || answer.redirected) return;
    tag = answer.headers.get('x-cvops-content') ?? '-';
    // What is shown is how it is.
    if (answer.status === 204) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const next = page.getElementById('content');
    if (!next) return;
    morph(document.getElementById('content'), next);
    document.title = page.title;
    document.dispatchEvent(new Event('cvops:refreshed'));
  } catch { /* The stale notice already says that the fleet is away. */ }
}

// What tells siblings apart. An option is its value: what a person chose stays chosen when the list gets longer.
const key = node => node?.dataset?.key ?? (node?.tagName === 'OPTION' ? node.value : undefined);

// Makes `now` equal to `next` and leaves untouched whatever is the same, so focus, scroll and open images stay.
function morph(now, next) {
  if (now.isEqualNode(next)) return;
  const same = now.nodeType === Node.ELEMENT_NODE && next.nodeType === Node.ELEMENT_NODE && now.tagName === next.tagName && key(now) === key(next);
  if (!same) { now.replaceWith(next.cloneNode(true)); return; }
  // What a person opened or holds stays so.
  if (now.dataset.own !== undefined) return;
  for (const { name } of [...now.attributes]) if (!next.hasAttribute(name) && !(now.tagName === 'DETAILS' && name === 'open')) now.removeAttribute(name);
  for (const { name, value } of next.attributes) if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  const keyed = new Map([...now.children].filter(child => key(child) !== undefined).map(child => [key(child), child]));
  let at = now.firstChild;
  for (const child of [...next.childNodes]) {
    const match = keyed.get(key(child));
    if (match && match !== at) { now.insertBefore(match, at); morph(match, child); }
    else if (!match && key(at) !== key(child)) now.insertBefore(child.cloneNode(true), at);
    else if (at) { const after = at.nextSibling; morph(at, child); at = after; }
    else now.append(child.cloneNode(true));
  }
  while (at) { const after = at.nextSibling; at.remove(); at = after; }
}

function heard() {
  lastHeard = Date.now();
  live.className = 'live on';
  live.firstElementChild.textContent = 'live';
  document.body.classList.remove('is-stale');
}

function stale() {
  const since = new Date(lastHeard).toLocaleTimeString();
  live.className = 'live off';
  live.firstElementChild.textContent = 'not live';
  document.getElementById('stale-since').textContent = `Not live: no word from the fleet since ${since}. What you see is from then.`;
  document.body.classList.add('is-stale');
}

export function listen() {
  const events = new EventSource('api/v1/events/pages');
  let first = true;
  events.onopen = () => { heard(); if (!first) refresh(); first = false; };
  // Refused, so the browser does not try again: most likely the session is over, and refreshing leads to the sign-in.
  events.onerror = () => { stale(); if (events.readyState === EventSource.CLOSED) refresh(); };
  events.addEventListener('changed', event => {
    heard();
    const said = JSON.parse(event.data);
    pace = said.pace;
    changed(said.kinds);
  });
  document.addEventListener('visibilitychange', () => { if (!document.hidden && Date.now() - last > 5000) refresh(); });
}
