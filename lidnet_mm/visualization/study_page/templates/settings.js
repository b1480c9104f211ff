// Changes what is shown, and keeps the controls in step with it.
function studySettings(shown, inputs, redraw) {
  "use strict";
  const { state, slice, slices, lesions, windows, width, height, isListed, nearest } = shown;
  const rows = [...document.querySelectorAll("[data-lesion]")];

  function setPlace(place) {
    state.place = clamp(place, 0, slices.length - 1);
    inputs.slice.value = state.place;
    redraw();
  }

  function setWindow(low, high) {
    const wide = Math.max(1, Math.round(high - low));
    state.low = clamp(Math.round(low), -4000, 33000);
    state.high = state.low + wide;
    inputs.width.value = wide;
    inputs.level.value = Math.round((state.low + state.high) / 2);
    const same = windows.findIndex(({ low, high }) => low === state.low && high === state.high);
    inputs.preset.value = same < 0 ? "own" : same;
    redraw();
  }

  function setWipe(part) {
    if (state.mode !== "split") return;
    state.wipe = clamp(part, 0, 1);
    inputs.wipe.value = Math.round(100 * state.wipe);
    redraw();
  }

  function setMode(mode) {
    state.mode = mode;
    inputs.mode.value = mode;
    byId("study").dataset.mode = mode;
    redraw();
  }

  function setSpan(hu) {
    state.span = Math.max(1, hu);
    inputs.span.value = state.span;
    redraw();
  }

  // Around a place of the slice, which stays inside.
  function setZoom(zoom, x = (state.view[0] + state.view[2]) / 2, y = (state.view[1] + state.view[3]) / 2) {
    state.zoom = clamp(zoom, 1, 8);
    const [wide, high] = [width / state.zoom, height / state.zoom];
    const left = clamp(x - wide / 2, 0, width - wide);
    const top = clamp(y - high / 2, 0, height - high);
    state.view = [left, top, left + wide, top + high];
    inputs.zoom.value = state.zoom;
    redraw();
  }

  function setBoxes(on) {
    state.boxes = on;
    inputs.boxes.checked = on;
    redraw();
  }

  function mark(number) {
    state.lesion = number;
    for (const row of rows) {
      if (Number(row.dataset.lesion) === number) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  }

  function middleOf(number) {
    const [x1, y1, x2, y2] = lesions[number - 1].box;
    return [(x1 + x2) / 2, (y1 + y2) / 2];
  }

  // To the key slice of a lesion.
  function setLesion(number) {
    mark(number);
    if (state.zoom > 1) setZoom(state.zoom, ...middleOf(number));
    setPlace(nearest(lesions[number - 1].key));
  }

  // To the next listed lesion, or with -1 to the one before.
  function stepLesion(by) {
    const listed = lesions.map((_, at) => at + 1).filter(isListed);
    if (!listed.length) return;
    const at = listed.indexOf(state.lesion);
    setLesion(listed[at < 0 ? 0 : (at + by + listed.length) % listed.length]);
  }

  function setThreshold(score) {
    state.threshold = score;
    if (inputs.threshold) inputs.threshold.value = score;
    for (const row of rows) row.hidden = !isListed(Number(row.dataset.lesion));
    redraw();
  }

  // Enlarges the marked lesion where its slice is shown, else a place.
  function toggleZoom(x, y) {
    if (state.zoom > 1) return setZoom(1);
    if (x !== undefined) return setZoom(4, x, y);
    const isHere = slice().boxes.some(box => box[5] === state.lesion);
    return setZoom(4, ...isHere ? middleOf(state.lesion) : []);
  }

  function reset() {
    mark(0);
    setWindow(windows[0].low, windows[0].high);
    setMode("split");
    setWipe(0.5);
    setZoom(1);
    setBoxes(true);
    setThreshold(inputs.threshold ? Number(inputs.threshold.min) : 0);
    const best = lesions.reduce((top, { score }, at) => !top || score > lesions[top - 1].score ? at + 1 : top, 0);
    if (best) setLesion(best);
    else setPlace(slices.length >> 1);
  }

  return { setPlace, setWindow, setWipe, setMode, setSpan, setZoom, setBoxes, setLesion, stepLesion, setThreshold, toggleZoom, reset };
}
