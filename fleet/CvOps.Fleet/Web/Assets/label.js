// One frame, labelled with the keyboard: class, boxes, outlines, OK or NG.
import { send, who } from './ask.js';
import { zoom } from './zoom.js';
import { Shapes } from './shapes.js';

const root = document.getElementById('editor');
if (root) start();

function start() {
  const read = name => root.dataset[name] ? JSON.parse(root.dataset[name]) : null;
  const [frame, classes, model, given] = [root.dataset.frame, read('classes'), read('says'), read('label')];
  const label = { class: given?.class ?? null, verdict: given?.verdict ?? null };
  const [undone, redone] = [[], []];
  const says = document.getElementById('says');
  const note = document.getElementById('note');
  const shapes = new Shapes(document.getElementById('stage'), Number(root.dataset.width), Number(root.dataset.height), remember, show);
  shapes.said = found(model);
  shapes.list = [...(given?.boxes ?? []).map(box => ({ kind: 'box', ...box })), ...(given?.polygons ?? []).map(polygon => ({ kind: 'polygon', class: polygon.class, points: [...polygon.points] }))];
  let drew = shapes.list.length > 0;
  let saving = false;
  const closer = zoom(document.getElementById('stage'), Number(root.dataset.width), Number(root.dataset.height), () => shapes.show());
  shapes.name = classes[0] ?? null;
  choose(shapes.list.some(shape => shape.kind === 'polygon') ? 'polygon' : shapes.list.length || shapes.said.length ? 'box' : sessionStorage.getItem('cvops-tool') ?? 'class');
  visit();

  function found(prediction) {
    return (prediction?.detections ?? []).map(box => box.polygon?.length >= 6
      ? { kind: 'polygon', class: box.class, points: box.polygon } : { kind: 'box', class: box.class, x: box.x, y: box.y, width: box.width, height: box.height });
  }

  const state = () => JSON.stringify({ list: shapes.list, class: label.class, verdict: label.verdict });

  function remember() {
    undone.push(state());
    redone.length = 0;
    drew = true;
  }

  function restore(from, to) {
    if (from.length === 0) { tell('Nothing to undo.'); return; }
    to.push(state());
    const { list, class: name, verdict } = JSON.parse(from.pop());
    Object.assign(label, { class: name, verdict });
    [shapes.list, shapes.chosen] = [list, null];
    show();
  }

  function choose(tool) {
    shapes.tool = tool;
    shapes.draft = null;
    sessionStorage.setItem('cvops-tool', tool);
    show();
  }

  function name(text) {
    if (!text) return;
    shapes.name = text;
    if (shapes.chosen !== null) { shapes.rename(text); return; }
    if (shapes.tool === 'class') {
      remember();
      label.class = label.class === text ? null : text;
    }
    show();
  }

  function judge(verdict) {
    remember();
    label.verdict = label.verdict === verdict ? null : verdict;
    show();
  }

  function take() {
    if (!model) { tell('No model saw this frame.'); return; }
    remember();
    if (shapes.tool === 'class' || shapes.said.length === 0) label.class = model.class ?? null;
    else shapes.list = found(model);
    show();
  }

  async function fresh() {
    const text = await ask('Name of the class');
    if (!text) return;
    if (!classes.includes(text)) {
      classes.push(text);
      const button = Object.assign(document.createElement('button'), { textContent: text });
      button.dataset.class = text;
      document.querySelector('#classes [data-new]').before(button);
    }
    name(text);
  }

  function ask(question) {
    const dialog = document.createElement('dialog');
    const form = Object.assign(document.createElement('form'), { method: 'dialog' });
    const input = Object.assign(document.createElement('input'), { required: true, maxLength: 128 });
    const words = Object.assign(document.createElement('label'), { textContent: question });
    words.append(input);
    form.append(words, Object.assign(document.createElement('button'), { textContent: 'Use it', value: 'go' }));
    dialog.append(form);
    document.body.append(dialog);
    dialog.showModal();
    return new Promise(done => dialog.addEventListener('close', () => { dialog.remove(); done(dialog.returnValue === 'go' ? input.value.trim() : null); }));
  }

  function tell(text) {
    says.textContent = text;
  }

  async function save(skip) {
    if (saving) return;
    const boxes = shapes.list.filter(shape => shape.kind === 'box').map(({ class: name, x, y, width, height }) => ({ class: name, x, y, width, height }));
    const polygons = shapes.list.filter(shape => shape.kind === 'polygon').map(({ class: name, points }) => ({ class: name, points }));
    const nothing = shapes.list.length === 0 && !label.class && !label.verdict;
    if (!skip && nothing && shapes.tool === 'class') { tell('Say something first: a class by its number, O or N, or draw. S skips.'); return; }
    if (!skip && shapes.list.some(shape => !shape.class)) { tell('What is drawn needs a class: choose the shape with Tab and press a number, or + for a new class.'); return; }
    const by = await who();
    if (!by) return;
    saving = true;
    const word = skip ? { class: null, skip: true } : {
      class: label.class, verdict: label.verdict, polygons: polygons.length > 0 ? polygons : null,
      // No box drawn with the tool for boxes: there is nothing to see.
      boxes: boxes.length > 0 || (shapes.tool !== 'class' && nothing) || (given && drew && polygons.length === 0 && given.boxes.length > 0) ? boxes : null,
    };
    const review = root.dataset.review === 'yes';
    const done = await send('PUT', `api/v1/frames/${encodeURIComponent(frame)}/label`, { ...word, note: note.value.trim() || null, by, via: 'page', review });
    saving = false;
    if (done) location.href = review ? 'labels/review' : `labels/next?for=${encodeURIComponent(by)}`;
  }

  // Frames seen in this tab, in order, so that one can go back and on without saving.
  function seen() {
    return JSON.parse(sessionStorage.getItem('cvops-seen') ?? '[]');
  }

  function visit() {
    const all = seen();
    if (!all.includes(frame)) sessionStorage.setItem('cvops-seen', JSON.stringify([...all, frame].slice(-200)));
    if (!location.pathname.endsWith('/next')) return;
    history.replaceState(null, '', `labels/${encodeURIComponent(frame)}${location.search}`);
    document.querySelector('.skip').href = `${location.pathname}#content`;
  }

  async function go(way) {
    const all = seen();
    const at = all.indexOf(frame);
    const there = all[at + (way === 'back' ? -1 : 1)];
    if (there) { location.href = `labels/${encodeURIComponent(there)}`; return; }
    if (way === 'back') { tell('This is the first frame you saw here.'); return; }
    const answer = await fetch(`api/v1/frames?state=unlabelled&limit=200&for=${encodeURIComponent(await who() ?? '')}`);
    const waiting = answer.ok ? (await answer.json()).frames : [];
    const next = waiting.find(other => !all.includes(other.id));
    if (next) location.href = `labels/${encodeURIComponent(next.id)}`;
    else tell('No other frame is waiting.');
  }

  function show() {
    shapes.show();
    for (const button of root.querySelectorAll('[data-tool]')) button.setAttribute('aria-pressed', button.dataset.tool === shapes.tool);
    const current = shapes.chosen !== null ? shapes.list[shapes.chosen]?.class : shapes.tool === 'class' ? label.class : shapes.name;
    for (const button of root.querySelectorAll('[data-class]')) button.setAttribute('aria-pressed', button.dataset.class === current);
    for (const button of root.querySelectorAll('[data-part]')) button.setAttribute('aria-pressed', button.dataset.part === label.verdict);
    const lines = shapes.list.map((shape, index) => `${index === shapes.chosen ? '▸ ' : ''}${shape.class ?? 'no class'}, ${shape.kind === 'box' ? `box ${Math.round(shape.width)} x ${Math.round(shape.height)}` : `outline of ${shape.points.length / 2} corners`}`);
    document.getElementById('drawn').replaceChildren(...[label.class ? `class ${label.class}` : null, label.verdict ? `verdict ${label.verdict.toUpperCase()}` : null, ...lines].filter(Boolean).map(text => Object.assign(document.createElement('li'), { textContent: text })));
    tell(shapes.draft?.points ? 'Click the next corner; Enter closes, Z takes one back.' : shapes.tool === 'box' ? `Drag a box of class ${shapes.name ?? '(none: press +)'}.` : shapes.tool === 'polygon' ? `Click corners of a ${shapes.name ?? '(no class: press +)'}.` : '');
  }

  root.addEventListener('click', event => {
    const button = event.target.closest('button');
    if (!button) return;
    if (button.dataset.tool) choose(button.dataset.tool);
    else if (button.dataset.class) name(button.dataset.class);
    else if (button.dataset.part) judge(button.dataset.part);
    else if (button.dataset.go) go(button.dataset.go);
    else if ('new' in button.dataset) fresh();
    else if ('save' in button.dataset) save(false);
    else if ('skipone' in button.dataset) save(true);
    else if ('take' in button.dataset) take();
    else if ('undo' in button.dataset) restore(undone, redone);
    else if ('keys' in button.dataset) document.getElementById('keys').showModal();
    else return;
    // Keys work on at once.
    if (!document.querySelector('dialog[open]')) document.getElementById('stage').focus({ preventScroll: true });
  });

  document.addEventListener('keydown', event => {
    if (document.querySelector('dialog[open]') || event.metaKey || event.altKey) return;
    if (event.target.closest('input, textarea')) { if (event.key === 'Escape' || event.key === 'Enter') { event.target.blur(); event.preventDefault(); } return; }
    if (event.target.closest('button, a') && (event.key === 'Enter' || event.key === ' ' || event.key === 'Tab')) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.ctrlKey && key !== 'z' && key !== 'y') return;
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const tools = { c: 'class', b: 'box', p: 'polygon' };
    if (key >= '1' && key <= '9') name(classes[key - 1]);
    else if (event.shiftKey && arrows[key]) shapes.nudge(...arrows[key]);
    else if (tools[key]) choose(tools[key]);
    else if (key === 'o') judge('Ok');
    else if (key === 'n') judge('Ng');
    else if (key === 'Enter') { if (!shapes.close()) save(false); }
    else if (key === 'a') take();
    else if (key === 'z') { if (event.shiftKey) restore(redone, undone); else if (!shapes.back()) restore(undone, redone); }
    else if (key === 'y') restore(redone, undone);
    else if (key === 'e') closer.closer();
    else if (key === 'q') closer.further();
    else if (key === '0') closer.whole();
    else if (key === 'Tab' && shapes.list.length > 0 && document.activeElement?.id === 'stage') shapes.next();
    else if (key === 'x' || key === 'Delete' || key === 'Backspace') shapes.remove();
    else if (key === 's') save(true);
    else if (key === 'ArrowLeft') go('back');
    else if (key === 'ArrowRight') go('on');
    else if (key === '+') fresh();
    else if (key === 'Escape') shapes.letGo();
    else if (key === '?') document.getElementById('keys').showModal();
    else return;
    event.preventDefault();
  });

  document.getElementById('stage').focus({ preventScroll: true });
  show();
}
