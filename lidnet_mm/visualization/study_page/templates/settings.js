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

  const setWindow = windowSetter(state, inputs, windows, -4000, 33000, redraw);

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

  function middleOf(number) {
    const [x1, y1, x2, y2] = lesions[number - 1].box;
    return [(x1 + x2) / 2, (y1 + y2) / 2];
  }

  // Of what is shown; of a whole slice with the marked lesion, this lesion.
  function middleOfView() {
    const isHere = state.zoom === 1 && slice().boxes.some(box => box[5] === state.lesion);
    const [x1, y1, x2, y2] = state.view;
    return isHere ? middleOf(state.lesion) : [(x1 + x2) / 2, (y1 + y2) / 2];
  }

  // Around a place of the slice, which stays inside.
  function setZoom(zoom, x, y) {
    if (x === undefined) [x, y] = middleOfView();
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

  // Enlarges a place, or the marked lesion.
  function toggleZoom(x, y) {
    if (state.zoom > 1) setZoom(1);
    else setZoom(4, x, y);
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
