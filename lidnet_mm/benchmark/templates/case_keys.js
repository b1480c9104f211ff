// Keys, while the focus is in the viewer.
function listenToKeys(root, shown, presets, settings) {
  "use strict";
  const { state } = shown;
  const { setCase, setSlice, stepSide, setWindow, setWipe, setThreshold, setFlag, moveRegion, reset } = settings;

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
    j: () => stepSide("right", 1), k: () => stepSide("right", -1),
    w: () => widen(50), l: () => shift(25),
    "[": () => setThreshold(state.threshold - 0.05), "]": () => setThreshold(state.threshold + 0.05),
    b: () => setFlag("boxes", !state.boxes), z: () => setFlag("enlarge", !state.enlarge),
    r: reset, "?": () => { byId("help").open = !byId("help").open; },
  };
  const shifted = {
    ArrowLeft: () => pan(-1, 0), ArrowRight: () => pan(1, 0),
    ArrowUp: () => pan(0, -1), ArrowDown: () => pan(0, 1),
    j: () => stepSide("left", 1), k: () => stepSide("left", -1),
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
}
