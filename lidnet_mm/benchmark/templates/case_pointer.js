// Mouse and touch on the slice: the line, the window, the region, the slice, and HU under the pointer.
function listenToPointer(root, shown, images, settings) {
  "use strict";
  const { state, currentCase, imageOf, stageView } = shown;
  const { sizeOf, valueAt } = images;
  const { setSlice, setWindow, setWipe, moveRegion } = settings;
  const stage = byId("stage");

  function placeOf(event) {
    const bounds = stage.getBoundingClientRect();
    const view = stageView();
    const [x, y] = [(event.clientX - bounds.left) / bounds.width, (event.clientY - bounds.top) / bounds.height];
    return { part: x, x: view[0] + x * (view[2] - view[0]), y: view[1] + y * (view[3] - view[1]) };
  }

  function hounsfield(place, x, y) {
    const image = imageOf(place);
    const [x1, y1] = currentCase().region;
    if (image.region !== null) {
      const [width, height] = sizeOf(image.region);
      if (x >= x1 && y >= y1 && x < x1 + width && y < y1 + height) {
        return valueAt(image.region, x - x1, y - y1);
      }
    }
    return valueAt(image.whole, Math.floor(x / image.binning), Math.floor(y / image.binning));
  }

  function read(event) {
    const [height, width] = currentCase().shape;
    const at = placeOf(event);
    const [x, y] = [Math.floor(at.x), Math.floor(at.y)];
    if (x < 0 || y < 0 || x >= width || y >= height || !root.dataset.drawn) return;
    const value = place => `${currentCase().titles[place]} ${minus(hounsfield(place, x, y))} HU`;
    byId("readout").textContent = `x ${x}, y ${y}   ${value(state.left)}   ${value(state.right)}`;
  }

  let drag = null;
  stage.addEventListener("pointerdown", event => {
    stage.focus();
    drag = { windowing: event.button === 2, x: event.clientX, y: event.clientY, low: state.low, high: state.high };
    stage.setPointerCapture(event.pointerId);
    if (!drag.windowing) setWipe(placeOf(event).part);
  });
  stage.addEventListener("pointermove", event => {
    read(event);
    if (!drag) return;
    if (!drag.windowing) return setWipe(placeOf(event).part);
    const wide = Math.max(1, drag.high - drag.low + 4 * (event.clientX - drag.x));
    const level = (drag.low + drag.high) / 2 + 4 * (event.clientY - drag.y);
    setWindow(level - wide / 2, level + wide / 2);
  });
  for (const name of ["pointerup", "pointercancel"]) stage.addEventListener(name, () => { drag = null; });
  stage.addEventListener("contextmenu", event => event.preventDefault());
  stage.addEventListener("dblclick", event => {
    const half = (state.region[2] - state.region[0]) / 2;
    const at = placeOf(event);
    moveRegion(at.x - half, at.y - half);
  });
  stage.addEventListener("wheel", event => {
    if (document.activeElement !== stage || currentCase().slices.length < 2) return;
    event.preventDefault();
    setSlice(state.slice - Math.sign(event.deltaY));
  }, { passive: false });
}
