// The controls of the form: what they offer, and what they set.
function listenToForm(form, shown, presets, inputs, settings) {
  "use strict";
  const { cases, state } = shown;
  const { setCase, setSlice, setSide, setWindow, setWipe, setThreshold, setFlag } = settings;

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
  form.addEventListener("submit", event => event.preventDefault());

  inputs.case.replaceChildren(...cases.map(({ name }, place) => new Option(name, place)));
  const words = ({ title, low, high }) => `${title} ${minus(low)} … ${minus(high)}`;
  inputs.preset.replaceChildren(...presets.map((preset, place) => new Option(words(preset), place)),
    new Option("own", "own"));
}
