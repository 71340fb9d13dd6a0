// A camera live: pictures with what the model says of them, drawn over; for as long as the button is pressed and the page is looked at.
import { make, tell } from './ask.js';

const svgNamespace = 'http://www.w3.org/2000/svg';
const views = new Map();

function draw(tag, attributes, text) {
  const element = document.createElementNS(svgNamespace, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text) element.textContent = text;
  return element;
}

function shapes(frame) {
  const size = Math.max(10, frame.width / 40);
  return frame.prediction.detections.flatMap(box => [
    box.polygon?.length >= 6 ? draw('polygon', { class: 'said', points: box.polygon.join(' ') })
      : draw('rect', { class: 'said', x: box.x, y: box.y, width: box.width, height: box.height, ...(box.angle ? { transform: `rotate(${box.angle * 180 / Math.PI} ${box.x + box.width / 2} ${box.y + box.height / 2})` } : {}) }),
    draw('text', { x: box.x + 2, y: Math.max(size, box.y - size / 4), 'font-size': size }, `${box.class} ${box.score.toFixed(2)}`),
  ]);
}

function show(view, frame) {
  view.picture.src = `data:image/jpeg;base64,${frame.jpeg}`;
  view.picture.alt = `${view.name} now: ${frame.prediction.class ?? 'nothing found'}`;
  view.layer.setAttribute('viewBox', `0 0 ${frame.width} ${frame.height}`);
  view.layer.replaceChildren(...shapes(frame));
  const late = (Date.now() - Date.parse(frame.capturedAt)) / 1000;
  view.said.replaceChildren(make('strong', { textContent: frame.prediction.class ?? 'nothing found' }),
    ` ${frame.prediction.confidence.toFixed(2)}${frame.prediction.reject ? ', rejected' : ''}${frame.part ? `, part ${frame.part}` : ''}, ${frame.model.name} ${frame.model.version}, ${late < 0 || late > 3600 ? '' : `${late.toFixed(1)} s old`}`);
}

function start(button) {
  const name = button.dataset.preview;
  const place = document.querySelector(`[data-preview-of="${CSS.escape(name)}"]`);
  const [device, camera] = name.split('/');
  const view = { name, place, picture: make('img', { alt: `${name}: waiting for the first picture` }), layer: draw('svg', { 'aria-hidden': 'true' }), said: make('p', { className: 'aside', textContent: 'Asking the device.' }) };
  const frame = make('span', { className: 'picture' }, view.picture, view.layer, make('span', { className: 'livebadge', textContent: 'LIVE' }));
  place.replaceChildren(frame, view.said);
  place.hidden = false;
  view.events = new EventSource(`api/v1/devices/${device}/cameras/${camera}/live`);
  view.events.addEventListener('frame', event => show(view, JSON.parse(event.data)));
  view.events.addEventListener('problem', event => { tell(JSON.parse(event.data), true); view.said.textContent = JSON.parse(event.data); });
  view.events.onerror = () => { view.said.textContent = 'Not live: the fleet does not answer.'; };
  views.set(name, view);
  mark();
}

function stop(name) {
  const view = views.get(name);
  view?.events.close();
  view?.place.replaceChildren();
  if (view) view.place.hidden = true;
  views.delete(name);
  mark();
}

// The page is drawn anew now and then; what is watched stays marked.
function mark() {
  for (const button of document.querySelectorAll('[data-preview]')) {
    const on = views.has(button.dataset.preview);
    button.setAttribute('aria-pressed', on);
    const still = button.closest('section').querySelector('.still');
    if (still) still.hidden = on;
  }
}

export function preview() {
  document.addEventListener('click', event => {
    const button = event.target.closest('[data-preview]');
    if (!button) return;
    if (views.has(button.dataset.preview)) stop(button.dataset.preview);
    else start(button);
  });
  document.addEventListener('cvops:refreshed', mark);
  addEventListener('pagehide', () => { for (const name of [...views.keys()]) stop(name); });
}
