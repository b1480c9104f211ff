// Changes what is shown, and keeps the controls of the form in step with it.
function caseSettings(shown, presets, inputs, redraw) {
  "use strict";
  const { cases, state, currentCase } = shown;
  const strip = byId("strip");

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
    const { slices, region, titles } = currentCase();
    inputs.case.value = state.case;
    byId("case-previous").disabled = state.case === 0;
    byId("case-next").disabled = state.case === cases.length - 1;
    state.slice = slices.findIndex(slice => slice.offset === 0);
    byId("slice-label").hidden = slices.length < 2;
    inputs.slice.max = slices.length - 1;
    inputs.slice.value = state.slice;
    state.region = [...region];
    fillTitles();
    if (before !== titles.join("\n")) {
      // What the last method made of what it was given.
      state.left = 0;
      state.right = Math.max(titles.length - 2, 0);
    }
    state.titles = titles.join("\n");
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

  return { setCase, setSlice, setSide, setWindow, setWipe, setThreshold, setFlag, moveRegion, reset };
}
