// Mouse and touch on the slice of a case, and HU under the pointer.
function listenToPointer(root, shown, images, settings) {
  "use strict";
  const { state, currentCase, imageOf, stageView } = shown;
  const { sizeOf, valueAt } = images;
  const { setSlice, setWindow, setWipe, moveRegion } = settings;
  const stage = byId("stage");

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

  function read(x, y) {
    const [height, width] = currentCase().shape;
    if (x < 0 || y < 0 || x >= width || y >= height || !root.dataset.drawn) return;
    const value = place => `${currentCase().titles[place]} ${minus(hounsfield(place, x, y))} HU`;
    byId("readout").textContent = `x ${x}, y ${y}   ${value(state.left)}   ${value(state.right)}`;
  }

  function pick(x, y) {
    const half = (state.region[2] - state.region[0]) / 2;
    moveRegion(x - half, y - half);
  }

  const now = {
    view: stageView,
    limits: () => [state.low, state.high],
    wheel: () => document.activeElement === stage && currentCase().slices.length > 1,
    swipe: () => false, // the page scrolls under a finger
  };
  listenToStage(stage, now, { setWipe, setWindow, read, pick, step: by => setSlice(state.slice + by) });
}
