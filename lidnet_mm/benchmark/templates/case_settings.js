// Changes what is shown, and keeps the controls of the form in step with it.
function caseSettings(shown, presets, inputs, redraw) {
  "use strict";
  const { cases, state, currentCase, groupsOf, isFolded } = shown;
  const strip = byId("strip");

  const setWindow = windowSetter(state, inputs, presets, -4000, 12000, redraw);

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

  // To the next image of the strip; those that are folded away are passed over.
  function stepSide(side, by) {
    const count = currentCase().titles.length;
    let place = state[side];
    do place = (place + by + count) % count; while (isFolded(place) && place !== state[side]);
    setSide(side, place);
  }

  function fillTitles() {
    const groups = groupsOf();
    for (const side of ["left", "right"]) inputs[side].replaceChildren(...caseOptions(groups));
    strip.replaceChildren(...caseStrip(groups, state.unfolded, setSide, open => {
      state.unfolded = open;
      redraw();
    }));
  }

  function setCase(place) {
    state.case = clamp(place, 0, cases.length - 1);
    const { slices, region, titles, opening } = currentCase();
    inputs.case.value = state.case;
    byId("case-previous").disabled = state.case === 0;
    byId("case-next").disabled = state.case === cases.length - 1;
    state.slice = slices.findIndex(slice => slice.offset === 0);
    byId("slice-label").hidden = slices.length < 2;
    inputs.slice.max = slices.length - 1;
    inputs.slice.value = state.slice;
    state.region = [...region];
    if (state.titles !== titles.join("\n")) {
      state.titles = titles.join("\n");
      fillTitles();
      [state.left, state.right] = [0, opening];
    }
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

  return { setCase, setSlice, setSide, stepSide, setWindow, setWipe, setThreshold, setFlag, moveRegion, reset };
}
