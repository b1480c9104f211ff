// The viewer of a study, put together of the scripts before this one.
(() => {
  "use strict";
  const shown = studyShown(JSON.parse(byId("study-data").textContent));
  const { state, slice, count, width, height } = shown;
  const root = byId("study");
  const inputs = Object.fromEntries(["slice", "wipe", "mode", "span", "zoom", "preset", "width", "level",
    "threshold", "boxes"].map(id => [id, byId(id)]));
  const packed = [...document.querySelectorAll("script.pixels")];
  const images = huImages(packed);
  const { drawStage, drawMarks } = studyDrawing(shown, images);

  function describe() {
    const { index, height: z, binning, boxes } = slice();
    const where = z === null ? "" : ` · z ${minus(z.toFixed(1))} mm`;
    byId("slice-shown").textContent = `${index} of 0 … ${count - 1}${where}`;
    const steps = [0, 1].map(side => packed[2 * state.place + side].dataset.step);
    const fine = binning === 1 ? "all pixels" : `means of ${binning} × ${binning} pixels, which hide noise`;
    byId("quality").textContent = `This slice: ${fine}; source to ${steps[0]} HU, denoised to ${steps[1]} HU.`;
    if (inputs.threshold) byId("threshold-shown").textContent = state.threshold.toFixed(2);
    const numbers = [...new Set(boxes.map(box => box[5]))].filter(shown.isListed);
    const found = numbers.length ? `, lesion ${numbers.join(", ")}` : "";
    const words = `Slice ${index}${found}. Window ${minus(state.low)} to ${minus(state.high)} HU.`;
    if (byId("shown").textContent !== words) byId("shown").textContent = words;
  }

  let wanted = 0;
  async function draw() {
    const turn = ++wanted;
    await Promise.all([0, 1].map(side => images.unpack(2 * state.place + side)));
    if (turn !== wanted) return; // another slice has been asked for since
    drawStage();
    drawMarks();
    describe();
    root.dataset.drawn = turn;
  }
  const redraw = () => draw().catch(reportTrouble);

  function read(x, y) {
    if (x < 0 || y < 0 || x >= width || y >= height || !root.dataset.drawn) return;
    const { binning } = slice();
    const [source, denoised] = [0, 1].map(side =>
      images.valueAt(2 * state.place + side, Math.floor(x / binning), Math.floor(y / binning)));
    byId("readout").textContent = [`x ${x}, y ${y}`, `source ${minus(source)} HU`, `denoised ${minus(denoised)} HU`,
      `difference ${minus(denoised - source)} HU`].join("   ");
  }

  const settings = studySettings(shown, inputs, redraw);
  const now = { view: () => state.view, limits: () => [state.low, state.high], wheel: () => true, swipe: () => true };
  const act = { setWipe: settings.setWipe, setWindow: settings.setWindow, read, pick: settings.toggleZoom,
    step: by => settings.setPlace(state.place + by) };
  for (const canvas of [byId("stage"), byId("second")]) listenToStage(canvas, now, act);
  listenToForm(root.querySelector("form"), shown, inputs, settings);
  listenToKeys(shown, inputs, settings);
  root.hidden = false;
  settings.setSpan(Number(inputs.span.value));
  settings.reset();
  new ResizeObserver(redraw).observe(root);
})();
