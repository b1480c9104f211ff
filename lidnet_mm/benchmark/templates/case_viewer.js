"use strict";
(() => {
  const byId = id => document.getElementById(id);
  const { cases, presets } = JSON.parse(byId("case-data").textContent);
  const packed = [...document.querySelectorAll("script.pixels")];
  const root = byId("viewer");
  const [stage, zoom, strip] = [byId("stage"), byId("region"), byId("strip")];
  const inputs = Object.fromEntries(["case", "slice", "left", "right", "preset", "width", "level",
    "threshold", "boxes", "enlarge", "wipe"].map(id => [id, byId(id)]));
  const style = getComputedStyle(document.documentElement);
  const colours = { truth: style.getPropertyValue("--truth").trim(),
    found: style.getPropertyValue("--found").trim(), region: "#5fd38d", line: "#ffffff" };
  const state = { case: 0, slice: 0, left: 0, right: 0, low: 0, high: 1, wipe: 0.5,
    threshold: 0.3, boxes: true, enlarge: false, region: [0, 0, 1, 1] };
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const minus = value => String(value).replace("-", "−");

  // Images: unpacked once each, the last used kept; painted in the present window.
  const MOST_PIXELS = 24e6;
  const unpacked = new Map();
  const painted = new Map();
  let kept = 0;

  const sizeOf = index => [Number(packed[index].dataset.width), Number(packed[index].dataset.height)];

  function unpack(index) {
    const [width, height] = sizeOf(index);
    if (unpacked.has(index)) {
      const found = unpacked.get(index);
      unpacked.delete(index); // to the end: the one used last
      unpacked.set(index, found);
      return found;
    }
    const image = unpackImage(packed[index], width, height).then(hu => (image.hu = hu));
    unpacked.set(index, image);
    kept += width * height;
    for (const oldest of unpacked.keys()) {
      if (kept <= MOST_PIXELS || oldest === index) break;
      const [wide, tall] = sizeOf(oldest);
      unpacked.delete(oldest);
      painted.delete(oldest);
      kept -= wide * tall;
    }
    return image;
  }

  function picture(index) {
    const known = painted.get(index);
    if (known && known.low === state.low && known.high === state.high) return known.canvas;
    const canvas = known ? known.canvas : document.createElement("canvas");
    if (!known) [canvas.width, canvas.height] = sizeOf(index);
    paintHU(canvas, unpacked.get(index).hu, state.low, state.high);
    painted.set(index, { canvas, low: state.low, high: state.high });
    return canvas;
  }

  const currentCase = () => cases[state.case];
  const currentSlice = () => currentCase().slices[state.slice];
  const imageOf = place => currentSlice().images[place];

  // Boxes
  function overlap(a, b) {
    const wide = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
    const tall = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
    if (wide <= 0 || tall <= 0) return 0;
    const area = box => (box[2] - box[0]) * (box[3] - box[1]);
    return wide * tall / (area(a) + area(b) - wide * tall);
  }
  const bestOverlap = box => Math.max(0, ...currentSlice().truth.map(truth => overlap(box, truth)));
  const foundIn = place => imageOf(place).found.filter(box => box[4] >= state.threshold);

  function resultOf(place) {
    if (!currentSlice().truth.length) return `${foundIn(place).length} boxes`;
    const best = Math.max(0, ...foundIn(place).map(bestOverlap));
    return best > 0 ? `IoU ${best.toFixed(2)}` : "not found";
  }

  // Drawing: `view` is the part [x1, y1, x2, y2] of the slice that fills the canvas.
  function fit(canvas, view) {
    const dense = Math.min(window.devicePixelRatio || 1, 2);
    const width = Math.max(1, Math.round(canvas.clientWidth * dense));
    const height = Math.max(1, Math.round(width * (view[3] - view[1]) / (view[2] - view[0])));
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    return { context: canvas.getContext("2d"), width, height, dense,
      scale: width / (view[2] - view[0]), x: view[0], y: view[1] };
  }

  function drawImage(on, place) {
    const image = imageOf(place);
    const whole = picture(image.whole);
    on.context.imageSmoothingEnabled = false;
    const put = (source, x, y, scale) => on.context.drawImage(source, (x - on.x) * on.scale,
      (y - on.y) * on.scale, source.width * scale * on.scale, source.height * scale * on.scale);
    put(whole, 0, 0, image.binning);
    if (image.region !== null) put(picture(image.region), ...currentCase().region.slice(0, 2), 1);
  }

  function frame(on, box, colour, dashed) {
    on.context.setLineDash(dashed ? [6 * on.dense, 4 * on.dense] : []);
    on.context.strokeStyle = colour;
    on.context.lineWidth = 2 * on.dense;
    on.context.strokeRect((box[0] - on.x) * on.scale, (box[1] - on.y) * on.scale,
      (box[2] - box[0]) * on.scale, (box[3] - box[1]) * on.scale);
    on.context.setLineDash([]);
  }

  function label(on, box, text) {
    const size = 12 * on.dense;
    on.context.font = `${size}px system-ui, sans-serif`;
    const wide = on.context.measureText(text).width + 6 * on.dense;
    const left = clamp((box[0] - on.x) * on.scale, 0, Math.max(on.width - wide, 0));
    const above = (box[1] - on.y) * on.scale - size - 6 * on.dense;
    const top = above > 0 ? above : (box[3] - on.y) * on.scale + 2 * on.dense;
    on.context.fillStyle = "rgba(0, 0, 0, .7)";
    on.context.fillRect(left, top, wide, size + 4 * on.dense);
    on.context.fillStyle = colours.found;
    on.context.textBaseline = "top";
    on.context.fillText(text, left + 3 * on.dense, top + 2 * on.dense);
  }

  function drawBoxes(on, place, labelled) {
    if (!state.boxes) return;
    for (const box of currentSlice().truth) frame(on, box, colours.truth, false);
    for (const box of foundIn(place).toReversed()) {
      frame(on, box, colours.found, true);
      if (labelled) label(on, box, `${box[4].toFixed(2)}, IoU ${bestOverlap(box).toFixed(2)}`);
    }
  }

  function drawSides(canvas, view, labelled) {
    const on = fit(canvas, view);
    const middle = Math.round(state.wipe * on.width);
    on.context.fillStyle = "#000";
    on.context.fillRect(0, 0, on.width, on.height);
    for (const [place, from, to] of [[state.left, 0, middle], [state.right, middle, on.width]]) {
      on.context.save();
      on.context.beginPath();
      on.context.rect(from, 0, to - from, on.height);
      on.context.clip();
      drawImage(on, place);
      drawBoxes(on, place, labelled);
      on.context.restore();
    }
    on.context.fillStyle = colours.line;
    if (state.wipe > 0 && state.wipe < 1) on.context.fillRect(middle - on.dense, 0, 2 * on.dense, on.height);
    return on;
  }

  const wholeView = () => [0, 0, currentCase().shape[1], currentCase().shape[0]];
  const stageView = () => state.enlarge ? state.region : wholeView();

  function drawScreens() {
    const on = drawSides(stage, stageView(), true);
    if (!state.enlarge) frame(on, state.region, colours.region, false);
    drawSides(zoom, state.region, false);
  }

  function drawStrip() {
    strip.querySelectorAll("button").forEach((button, place) => {
      const on = fit(button.querySelector("canvas"), state.region);
      on.context.fillStyle = "#000";
      on.context.fillRect(0, 0, on.width, on.height);
      drawImage(on, place);
      drawBoxes(on, place, false);
      button.querySelector("small").textContent = resultOf(place);
      const sides = [place === state.left && "left", place === state.right && "right"].filter(Boolean);
      button.setAttribute("aria-pressed", String(sides.length > 0));
      button.querySelector("em").textContent = sides.join(" and ");
    });
  }

  function describe() {
    const shown = currentCase();
    const { titles } = shown;
    const offset = currentSlice().offset;
    const where = offset ? `, ${Math.abs(offset)} slice${Math.abs(offset) > 1 ? "s" : ""} ${offset > 0 ? "towards superior" : "towards inferior"}` : "";
    byId("left-caption").textContent = `${titles[state.left]} · ${resultOf(state.left)}`;
    byId("right-caption").textContent = `${titles[state.right]} · ${resultOf(state.right)}`;
    const [x1, y1, x2, y2] = state.region;
    byId("region-caption").textContent = `Region ${x2 - x1} × ${y2 - y1} pixels`;
    byId("slice-shown").textContent = minus(offset > 0 ? `+${offset}` : offset);
    byId("threshold-shown").textContent = state.threshold.toFixed(2);
    const words = `${shown.name}${where}: left ${titles[state.left]}, ${resultOf(state.left)}; right ${titles[state.right]}, ${resultOf(state.right)}. Window ${minus(state.low)} to ${minus(state.high)} HU.`;
    if (byId("shown").textContent !== words) byId("shown").textContent = words;
    stage.setAttribute("aria-label", words);
  }

  function report(error) {
    byId("trouble").textContent = typeof DecompressionStream === "undefined"
      ? "This browser is too old to unpack the pictures: use one of 2023 or later."
      : `The pictures cannot be drawn: ${error.message}`;
    byId("trouble").hidden = false;
    throw error;
  }

  let wanted = 0;
  async function draw() {
    const turn = ++wanted;
    const places = currentSlice().images.flatMap(image => [image.whole, image.region]);
    await Promise.all(places.filter(place => place !== null).map(unpack));
    if (turn !== wanted) return; // another slice has been asked for since
    drawScreens();
    drawStrip();
    describe();
    root.dataset.drawn = turn;
  }
  const redraw = () => draw().catch(report);

  // State
  function setWindow(low, high) {
    const wide = Math.max(1, Math.round(high - low));
    state.low = clamp(Math.round(low), -4000, 12000);
    state.high = state.low + wide;
    inputs.width.value = wide;
    inputs.level.value = Math.round((state.low + state.high) / 2);
    const same = presets.findIndex(({ low, high }) => low === state.low && high === state.high);
    inputs.preset.value = same < 0 ? "own" : same;
    redraw();
  }

  function setSlice(place) {
    state.slice = clamp(place, 0, currentCase().slices.length - 1);
    inputs.slice.value = state.slice;
    redraw();
  }

  function setSide(side, place) {
    const count = currentCase().titles.length;
    state[side] = (place + count) % count;
    inputs[side].value = state[side];
    redraw();
  }

  function setWipe(part) {
    state.wipe = clamp(part, 0, 1);
    inputs.wipe.value = Math.round(100 * state.wipe);
    redraw();
  }

  function setThreshold(value) {
    state.threshold = clamp(Math.round(20 * value) / 20, 0.05, 1);
    inputs.threshold.value = state.threshold;
    redraw();
  }

  function setFlag(name, value) {
    state[name] = value;
    inputs[name].checked = value;
    redraw();
  }

  function moveRegion(x, y) {
    const [height, width] = currentCase().shape;
    const side = state.region[2] - state.region[0];
    const left = clamp(Math.round(x), 0, width - side);
    const top = clamp(Math.round(y), 0, height - side);
    state.region = [left, top, left + side, top + side];
    redraw();
  }

  function fillTitles() {
    const { titles } = currentCase();
    for (const side of ["left", "right"]) {
      inputs[side].replaceChildren(...titles.map((title, place) => new Option(title, place)));
    }
    strip.replaceChildren(...titles.map((title, place) => {
      const [item, button] = ["li", "button"].map(tag => document.createElement(tag));
      const name = document.createElement("span");
      name.textContent = title;
      button.type = "button";
      button.append(document.createElement("canvas"), name, document.createElement("small"), document.createElement("em"));
      button.addEventListener("click", event => setSide(event.shiftKey ? "left" : "right", place));
      item.append(button);
      return item;
    }));
  }

  function setCase(place) {
    const before = state.titles;
    state.case = clamp(place, 0, cases.length - 1);
    const shown = currentCase();
    inputs.case.value = state.case;
    byId("case-previous").disabled = state.case === 0;
    byId("case-next").disabled = state.case === cases.length - 1;
    state.slice = shown.slices.findIndex(slice => slice.offset === 0);
    byId("slice-label").hidden = shown.slices.length < 2;
    inputs.slice.max = shown.slices.length - 1;
    inputs.slice.value = state.slice;
    state.region = [...shown.region];
    fillTitles();
    if (before !== shown.titles.join("\n")) {
      // What the last method made of what it was given.
      state.left = 0;
      state.right = Math.max(shown.titles.length - 2, 0);
    }
    state.titles = shown.titles.join("\n");
    inputs.left.value = state.left;
    inputs.right.value = state.right;
    redraw();
  }

  function reset() {
    state.titles = "";
    setCase(state.case);
    setWindow(...currentCase().window);
    setThreshold(currentCase().threshold);
    setFlag("boxes", true);
    setFlag("enlarge", false);
    setWipe(0.5);
  }

  // Mouse and touch
  function placeOf(event) {
    const bounds = stage.getBoundingClientRect();
    const view = stageView();
    const [x, y] = [(event.clientX - bounds.left) / bounds.width, (event.clientY - bounds.top) / bounds.height];
    return { part: x, x: view[0] + x * (view[2] - view[0]), y: view[1] + y * (view[3] - view[1]) };
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

  function hounsfield(place, x, y) {
    const image = imageOf(place);
    const [x1, y1] = currentCase().region;
    if (image.region !== null) {
      const [width, height] = sizeOf(image.region);
      if (x >= x1 && y >= y1 && x < x1 + width && y < y1 + height) {
        return unpacked.get(image.region).hu[(y - y1) * width + x - x1];
      }
    }
    const [width] = sizeOf(image.whole);
    return unpacked.get(image.whole).hu[Math.floor(y / image.binning) * width + Math.floor(x / image.binning)];
  }

  function read(event) {
    const [height, width] = currentCase().shape;
    const at = placeOf(event);
    const [x, y] = [Math.floor(at.x), Math.floor(at.y)];
    if (x < 0 || y < 0 || x >= width || y >= height || !root.dataset.drawn) return;
    const value = place => `${currentCase().titles[place]} ${minus(hounsfield(place, x, y))} HU`;
    byId("readout").textContent = `x ${x}, y ${y}   ${value(state.left)}   ${value(state.right)}`;
  }

  // Keys
  const half = () => (state.low + state.high) / 2;
  const wide = () => state.high - state.low;
  const widen = by => setWindow(half() - Math.max(1, wide() + by) / 2, half() + Math.max(1, wide() + by) / 2);
  const shift = by => setWindow(state.low + by, state.high + by);
  const pan = (x, y) => {
    const step = Math.max(1, Math.round((state.region[2] - state.region[0]) / 8));
    moveRegion(state.region[0] + x * step, state.region[1] + y * step);
  };
  const keys = {
    ArrowLeft: () => setWipe(state.wipe - 0.02), ArrowRight: () => setWipe(state.wipe + 0.02),
    ArrowUp: () => setSlice(state.slice + 1), ArrowDown: () => setSlice(state.slice - 1),
    n: () => setCase(state.case + 1), p: () => setCase(state.case - 1),
    j: () => setSide("right", state.right + 1), k: () => setSide("right", state.right - 1),
    w: () => widen(50), l: () => shift(25),
    "[": () => setThreshold(state.threshold - 0.05), "]": () => setThreshold(state.threshold + 0.05),
    b: () => setFlag("boxes", !state.boxes), z: () => setFlag("enlarge", !state.enlarge),
    r: reset, "?": () => { byId("help").open = !byId("help").open; },
  };
  const shifted = {
    ArrowLeft: () => pan(-1, 0), ArrowRight: () => pan(1, 0),
    ArrowUp: () => pan(0, -1), ArrowDown: () => pan(0, 1),
    j: () => setSide("left", state.left + 1), k: () => setSide("left", state.left - 1),
    w: () => widen(-50), l: () => shift(-25),
  };

  root.addEventListener("keydown", event => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const own = event.target.matches("select, input[type=number]");
    const arrow = event.key.startsWith("Arrow");
    if (own || arrow && event.target.matches("input[type=range]")) return;
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = event.shiftKey && shifted[name] || keys[name];
    const preset = presets[Number(event.key) - 1];
    if (preset) setWindow(preset.low, preset.high);
    else if (action) action();
    else return;
    event.preventDefault();
  });

  inputs.case.addEventListener("change", () => setCase(Number(inputs.case.value)));
  byId("case-previous").addEventListener("click", () => setCase(state.case - 1));
  byId("case-next").addEventListener("click", () => setCase(state.case + 1));
  inputs.slice.addEventListener("input", () => setSlice(Number(inputs.slice.value)));
  for (const side of ["left", "right"]) {
    inputs[side].addEventListener("change", () => setSide(side, Number(inputs[side].value)));
  }
  inputs.preset.addEventListener("change", () => {
    const preset = presets[Number(inputs.preset.value)];
    if (preset) setWindow(preset.low, preset.high);
  });
  for (const input of [inputs.width, inputs.level]) {
    input.addEventListener("change", () => {
      const [width, level] = [Number(inputs.width.value), Number(inputs.level.value)];
      if (width > 0 && Number.isFinite(level)) setWindow(level - width / 2, level + width / 2);
    });
  }
  inputs.threshold.addEventListener("input", () => setThreshold(Number(inputs.threshold.value)));
  inputs.wipe.addEventListener("input", () => setWipe(Number(inputs.wipe.value) / 100));
  for (const name of ["boxes", "enlarge"]) {
    inputs[name].addEventListener("change", () => setFlag(name, inputs[name].checked));
  }
  root.querySelector("form").addEventListener("submit", event => event.preventDefault());
  new ResizeObserver(redraw).observe(root);

  inputs.case.replaceChildren(...cases.map(({ name }, place) => new Option(name, place)));
  const words = ({ title, low, high }) => `${title} ${minus(low)} … ${minus(high)}`;
  inputs.preset.replaceChildren(...presets.map((preset, place) => new Option(words(preset), place)),
    new Option("own", "own"));
  document.documentElement.classList.add("with-viewer");
  root.hidden = false;
  reset();
})();
