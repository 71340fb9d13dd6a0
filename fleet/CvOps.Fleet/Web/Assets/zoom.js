// Closer and further: the wheel about the pointer, E and Q about the middle, 0 for all of the picture; Shift and the wheel move.
const most = 16;

export function zoom(stage, width, height, after) {
  let view = { x: 0, y: 0, scale: 1 };

  function set(next) {
    const scale = Math.min(Math.max(next.scale, 1), most);
    const [wide, high] = [width / scale, height / scale];
    view = { scale, x: Math.min(Math.max(next.x, 0), width - wide), y: Math.min(Math.max(next.y, 0), height - high) };
    stage.setAttribute('viewBox', `${view.x} ${view.y} ${wide} ${high}`);
    after();
  }

  // The point stays where it is on the screen.
  function about(point, factor) {
    const scale = Math.min(Math.max(view.scale * factor, 1), most);
    const kept = view.scale / scale;
    set({ scale, x: point.x - (point.x - view.x) * kept, y: point.y - (point.y - view.y) * kept });
  }

  stage.addEventListener('wheel', event => {
    event.preventDefault();
    if (event.shiftKey) { const step = (event.deltaX || event.deltaY) / view.scale; set({ ...view, x: view.x + (event.deltaX ? step : 0), y: view.y + (event.deltaX ? 0 : step) }); return; }
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(stage.getScreenCTM().inverse());
    about(at, event.deltaY < 0 ? 1.25 : 0.8);
  }, { passive: false });

  const middle = () => ({ x: view.x + width / view.scale / 2, y: view.y + height / view.scale / 2 });
  return { closer: () => about(middle(), 1.5), further: () => about(middle(), 1 / 1.5), whole: () => set({ x: 0, y: 0, scale: 1 }) };
}
