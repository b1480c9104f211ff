// What is shown, in words.
function caseWords(shown) {
  "use strict";
  const { state, currentCase, currentSlice, resultOf } = shown;
  const stage = byId("stage");

  function describe() {
    const { name, titles } = currentCase();
    const offset = currentSlice().offset;
    const where = offset ? `, ${Math.abs(offset)} slice${Math.abs(offset) > 1 ? "s" : ""} ${offset > 0 ? "towards superior" : "towards inferior"}` : "";
    byId("left-caption").textContent = `${titles[state.left]} · ${resultOf(state.left)}`;
    byId("right-caption").textContent = `${titles[state.right]} · ${resultOf(state.right)}`;
    const [x1, y1, x2, y2] = state.region;
    byId("region-caption").textContent = `Region ${x2 - x1} × ${y2 - y1} pixels`;
    byId("slice-shown").textContent = minus(offset > 0 ? `+${offset}` : offset);
    byId("threshold-shown").textContent = state.threshold.toFixed(2);
    const words = `${name}${where}: left ${titles[state.left]}, ${resultOf(state.left)}; right ${titles[state.right]}, ${resultOf(state.right)}. Window ${minus(state.low)} to ${minus(state.high)} HU.`;
    if (byId("shown").textContent !== words) byId("shown").textContent = words;
    stage.setAttribute("aria-label", words);
  }

  return { describe };
}
