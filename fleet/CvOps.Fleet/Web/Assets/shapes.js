// Boxes and outlines on a picture, in its own pixels: drawn, chosen, moved, resized. Whoever uses it hears of every change before it happens.
const svgNamespace = 'http://www.w3.org/2000/svg';
const closeEnough = 9;

const clamp = (value, most) => Math.min(Math.max(value, 0), most);
const round = value => Math.round(value * 100) / 100;

export class Shapes {
  // before: called ahead of each change, for undo; after: called when there is something new to show.
  constructor(stage, width, height, before, after) {
    Object.assign(this, { stage, width, height, before, after, list: [], said: [], chosen: null, draft: null, tool: 'class', name: null });
    this.layer = stage.querySelector('#shapes');
    stage.addEventListener('pointerdown', event => this.down(event));
    stage.addEventListener('pointermove', event => this.move(event));
    stage.addEventListener('pointerup', event => this.up(event));
    stage.addEventListener('dblclick', () => this.close());
  }

  // Pixels of the picture that one pixel of the screen covers.
  get scale() {
    const matrix = this.stage.getScreenCTM();
    return matrix ? 1 / matrix.a : 1;
  }

  point(event) {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.stage.getScreenCTM().inverse());
    return { x: round(clamp(at.x, this.width)), y: round(clamp(at.y, this.height)) };
  }

  down(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.stage.focus({ preventScroll: true });
    const at = this.point(event);
    const hit = event.target.closest('[data-shape]');
    this.stage.setPointerCapture(event.pointerId);
    if (event.target.dataset.corner) {
      this.before();
      this.grip = { corner: event.target.dataset.corner, shape: this.list[this.chosen] };
    } else if (this.draft?.points) this.corner(at);
    else if (hit && !event.shiftKey) {
      this.chosen = Number(hit.dataset.shape);
      this.grip = { from: at, shape: this.list[this.chosen], start: structuredClone(this.list[this.chosen]), moved: false };
    } else if (this.tool === 'box') {
      this.chosen = null;
      this.draft = { kind: 'box', from: at, x: at.x, y: at.y, width: 0, height: 0 };
    } else if (this.tool === 'polygon') {
      this.chosen = null;
      this.draft = { kind: 'polygon', points: [at.x, at.y], at };
    } else this.chosen = null;
    this.after();
  }

  move(event) {
    const at = this.point(event);
    if (this.draft?.kind === 'box') Object.assign(this.draft, { x: Math.min(at.x, this.draft.from.x), y: Math.min(at.y, this.draft.from.y), width: round(Math.abs(at.x - this.draft.from.x)), height: round(Math.abs(at.y - this.draft.from.y)) });
    else if (this.draft) this.draft.at = at;
    else if (this.grip?.corner) this.resize(this.grip.shape, this.grip.corner, at);
    else if (this.grip) {
      const [x, y] = [at.x - this.grip.from.x, at.y - this.grip.from.y];
      if (!this.grip.moved && Math.hypot(x, y) < 3 * this.scale) return;
      if (!this.grip.moved) { this.before(); this.grip.moved = true; }
      Object.assign(this.grip.shape, structuredClone(this.grip.start));
      this.shift(this.grip.shape, x, y);
    } else return;
    this.show();
  }

  up() {
    this.grip = null;
    if (this.draft?.kind === 'box') {
      const { x, y, width, height } = this.draft;
      this.draft = null;
      // A click is no box.
      if (width > 2 * this.scale && height > 2 * this.scale) this.add({ kind: 'box', class: this.name, x, y, width, height });
    }
    this.after();
  }

  corner(at) {
    const points = this.draft.points;
    if (points.length >= 6 && Math.hypot(at.x - points[0], at.y - points[1]) < closeEnough * this.scale) { this.close(); return; }
    if (Math.hypot(at.x - points.at(-2), at.y - points.at(-1)) > this.scale) points.push(at.x, at.y);
  }

  // Ends the outline that is being drawn; false when none is.
  close() {
    if (!this.draft?.points) return false;
    const points = this.draft.points;
    this.draft = null;
    if (points.length >= 6) this.add({ kind: 'polygon', class: this.name, points });
    this.after();
    return true;
  }

  // Takes the last corner of an outline back; false when none is being drawn.
  back() {
    if (!this.draft?.points) return false;
    this.draft.points.splice(-2);
    if (this.draft.points.length === 0) this.draft = null;
    this.after();
    return true;
  }

  letGo() {
    [this.draft, this.chosen, this.grip] = [null, null, null];
    this.after();
  }

  add(shape) {
    this.before();
    this.list.push(shape);
    this.chosen = this.list.length - 1;
  }

  remove() {
    if (this.chosen === null) return;
    this.before();
    this.list.splice(this.chosen, 1);
    this.chosen = null;
    this.after();
  }

  next() {
    if (this.list.length > 0) this.chosen = ((this.chosen ?? -1) + 1) % this.list.length;
    this.after();
  }

  nudge(x, y) {
    if (this.chosen === null) return false;
    this.before();
    this.shift(this.list[this.chosen], x * this.scale, y * this.scale);
    this.after();
    return true;
  }

  rename(name) {
    if (this.chosen === null) return;
    this.before();
    this.list[this.chosen].class = name;
    this.after();
  }

  // Moves a shape, and never out of the picture.
  shift(shape, x, y) {
    if (shape.kind === 'box') Object.assign(shape, { x: round(clamp(shape.x + x, this.width - shape.width)), y: round(clamp(shape.y + y, this.height - shape.height)) });
    else shape.points = shape.points.map((value, index) => round(index % 2 === 0 ? clamp(value + x, this.width) : clamp(value + y, this.height)));
  }

  resize(shape, corner, at) {
    if (shape.kind === 'polygon') { shape.points.splice(2 * corner, 2, at.x, at.y); return; }
    const [left, top, right, bottom] = [corner.includes('w') ? at.x : shape.x, corner.includes('n') ? at.y : shape.y, corner.includes('e') ? at.x : shape.x + shape.width, corner.includes('s') ? at.y : shape.y + shape.height];
    if (right - left < this.scale || bottom - top < this.scale) return;
    Object.assign(shape, { x: left, y: top, width: round(right - left), height: round(bottom - top) });
  }

  show() {
    const drawn = [
      ...this.said.map(shape => this.element(shape, 'said')),
      ...this.list.flatMap((shape, index) => {
        const element = this.element(shape, index === this.chosen ? 'drawn chosen' : 'drawn');
        element.dataset.shape = index;
        return [element, this.title(shape)];
      }),
    ];
    if (this.draft?.kind === 'box') drawn.push(this.element(this.draft, 'drawn draft'));
    if (this.draft?.points) drawn.push(this.make('polyline', { class: 'drawn draft', points: [...this.draft.points, this.draft.at.x, this.draft.at.y].join(' ') }));
    if (this.chosen !== null && this.list[this.chosen]) drawn.push(...this.corners(this.list[this.chosen]));
    this.layer.replaceChildren(...drawn);
  }

  corners(shape) {
    const at = shape.kind === 'box'
      ? [['nw', shape.x, shape.y], ['ne', shape.x + shape.width, shape.y], ['sw', shape.x, shape.y + shape.height], ['se', shape.x + shape.width, shape.y + shape.height]]
      : Array.from({ length: shape.points.length / 2 }, (_, index) => [index, shape.points[2 * index], shape.points[2 * index + 1]]);
    const side = 8 * this.scale;
    return at.map(([corner, x, y]) => {
      const handle = this.make('rect', { class: 'handle', x: x - side / 2, y: y - side / 2, width: side, height: side });
      handle.dataset.corner = corner;
      return handle;
    });
  }

  element(shape, kind) {
    return shape.kind === 'box'
      ? this.make('rect', { class: kind, x: shape.x, y: shape.y, width: shape.width, height: shape.height })
      : this.make('polygon', { class: kind, points: shape.points.join(' ') });
  }

  title(shape) {
    const [x, y] = shape.kind === 'box' ? [shape.x, shape.y] : [shape.points[0], shape.points[1]];
    const size = 13 * this.scale;
    const text = this.make('text', { x: x + 2 * this.scale, y: y > 1.4 * size ? y - 4 * this.scale : y + 1.2 * size, 'font-size': size });
    text.textContent = shape.class;
    return text;
  }

  make(tag, attributes) {
    const element = document.createElementNS(svgNamespace, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }
}
