// What the scripts of viewers share.
const byId = id => document.getElementById(id);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const minus = value => String(value).replace("-", "−");

// Function that sets the window of a viewer in HU, within bounds, and its controls with it.
function windowSetter(state, inputs, presets, least, most, redraw) {
  "use strict";
  return (low, high) => {
    const wide = Math.max(1, Math.round(high - low));
    state.low = clamp(Math.round(low), least, most);
    state.high = state.low + wide;
    inputs.width.value = wide;
    inputs.level.value = Math.round((state.low + state.high) / 2);
    const same = presets.findIndex(({ low, high }) => low === state.low && high === state.high);
    inputs.preset.value = same < 0 ? "own" : same;
    redraw();
  };
}

// Says on the page what went wrong, and leaves it to the console, too.
function reportTrouble(error) {
  byId("trouble").textContent = typeof DecompressionStream === "undefined"
    ? "This browser is too old to unpack the pictures: use one of 2023 or later."
    : `The pictures cannot be drawn: ${error.message}`;
  byId("trouble").hidden = false;
  throw error;
}
