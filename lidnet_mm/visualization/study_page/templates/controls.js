// Form, list of lesions and keys.
function listenToForm(form, shown, inputs, settings) {
  "use strict";
  const { windows } = shown;
  const number = input => Number(input.value);
  const on = (name, event, act) => inputs[name] && inputs[name].addEventListener(event, act);
  const setLimits = () => {
    const [wide, level] = [number(inputs.width), number(inputs.level)];
    if (wide > 0 && Number.isFinite(level)) settings.setWindow(level - wide / 2, level + wide / 2);
  };

  on("slice", "input", () => settings.setPlace(number(inputs.slice)));
  on("wipe", "input", () => settings.setWipe(number(inputs.wipe) / 100));
  on("mode", "change", () => settings.setMode(inputs.mode.value));
  on("span", "change", () => settings.setSpan(number(inputs.span)));
  on("zoom", "change", () => settings.setZoom(number(inputs.zoom)));
  on("boxes", "change", () => settings.setBoxes(inputs.boxes.checked));
  on("threshold", "input", () => settings.setThreshold(number(inputs.threshold)));
  on("width", "change", setLimits);
  on("level", "change", setLimits);
  on("preset", "change", () => {
    const chosen = windows[number(inputs.preset)];
    if (chosen) settings.setWindow(chosen.low, chosen.high);
  });
  byId("previous").addEventListener("click", () => settings.setPlace(shown.state.place - 1));
  byId("next").addEventListener("click", () => settings.setPlace(shown.state.place + 1));
  form.addEventListener("submit", event => event.preventDefault());
  for (const row of document.querySelectorAll("[data-lesion]")) {
    row.addEventListener("click", () => settings.setLesion(Number(row.dataset.lesion)));
  }

  const words = ({ title, low, high }) => `${title} ${minus(low)} … ${minus(high)}`;
  inputs.preset.replaceChildren(...windows.map((each, at) => new Option(words(each), at)), new Option("own", "own"));
  inputs.slice.max = shown.slices.length - 1;
}

function listenToKeys(shown, inputs, settings) {
  "use strict";
  const { state, slices, windows } = shown;
  const far = Math.max(2, Math.round(slices.length / 20));
  const step = by => settings.setPlace(state.place + by);
  const modes = [...inputs.mode.options].map(option => option.value);
  const pan = (x, y) => {
    const [x1, y1, x2, y2] = state.view;
    settings.setZoom(state.zoom, (x1 + x2) / 2 + x * (x2 - x1) / 8, (y1 + y2) / 2 + y * (y2 - y1) / 8);
  };
  const keys = {
    ArrowUp: () => step(1), ArrowDown: () => step(-1), PageUp: () => step(far), PageDown: () => step(-far),
    Home: () => settings.setPlace(0), End: () => settings.setPlace(slices.length - 1),
    ArrowLeft: () => settings.setWipe(state.wipe - 0.02), ArrowRight: () => settings.setWipe(state.wipe + 0.02),
    n: () => settings.stepLesion(1), p: () => settings.stepLesion(-1),
    m: () => settings.setMode(modes[(modes.indexOf(state.mode) + 1) % modes.length]),
    b: () => settings.setBoxes(!state.boxes), z: () => settings.toggleZoom(),
    "+": () => settings.setZoom(2 * state.zoom), "-": () => settings.setZoom(state.zoom / 2),
    r: settings.reset, "?": () => { byId("help").open = !byId("help").open; },
  };
  const shifted = { ArrowLeft: () => pan(-1, 0), ArrowRight: () => pan(1, 0), ArrowUp: () => pan(0, -1), ArrowDown: () => pan(0, 1) };

  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.matches("select, input[type=number]")) return;
    if (event.target.matches("input[type=range]") && event.key.length > 1) return; // its own keys
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = event.shiftKey && shifted[name] || keys[name];
    const preset = windows[Number(event.key) - 1];
    if (preset) settings.setWindow(preset.low, preset.high);
    else if (action) action();
    else return;
    event.preventDefault();
  });
}
