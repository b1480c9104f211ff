// Draws the slice in the mode that is chosen, its boxes, and the marks of lesions along the series.
function studyDrawing(shown, images) {
  "use strict";
  const { state, slice, slices, lesions, isListed, nearest, tall } = shown;
  const { fit, put, frame, label, split } = huCanvas();
  const [stage, second, marks] = ["stage", "second", "marks"].map(byId);
  const style = getComputedStyle(document.documentElement);
  const colours = { found: style.getPropertyValue("--box").trim(), chosen: "#ffffff" };
  const changed = { canvas: document.createElement("canvas"), key: "" };

  const placeOf = side => 2 * state.place + side;

  function drawBoxes(on) {
    for (const box of shown.boxes().toSorted((a, b) => a[4] - b[4])) {
      const colour = box[5] === state.lesion ? colours.chosen : colours.found;
      frame(on, box, colour);
      label(on, box, `${box[5]} · ${box[4].toFixed(2)}`, colour);
    }
  }

  function drawSide(on, side) {
    put(on, images.picture(placeOf(side), state.low, state.high), 0, 0, slice().binning);
    drawBoxes(on);
  }

  // Denoised minus source, painted once for a slice and a span.
  function difference() {
    const key = `${state.place} ${state.span}`;
    if (changed.key === key) return changed.canvas;
    [changed.canvas.width, changed.canvas.height] = images.sizeOf(placeOf(0));
    const [source, denoised] = [images.hu(placeOf(0)), images.hu(placeOf(1))];
    paintHU(changed.canvas, denoised.map((hu, at) => hu - source[at]), -state.span, state.span);
    changed.key = key;
    return changed.canvas;
  }

  function drawStage() {
    const on = fit(stage, state.view, tall);
    if (state.mode === "split") return split(on, state.wipe, side => drawSide(on, side));
    if (state.mode === "pair") {
      drawSide(on, 0);
      return drawSide(fit(second, state.view, tall), 1);
    }
    put(on, difference(), 0, 0, slice().binning);
    return drawBoxes(on);
  }

  // Above the slider of slices; its thumb goes from half of its width to that before the end.
  function drawMarks() {
    const dense = Math.min(window.devicePixelRatio || 1, 2);
    [marks.width, marks.height] = [Math.max(1, marks.clientWidth * dense), Math.max(1, marks.clientHeight * dense)];
    const context = marks.getContext("2d");
    const along = index => (8 + (marks.clientWidth - 16) * nearest(index) / Math.max(1, slices.length - 1)) * dense;
    lesions.forEach(({ first, last }, at) => {
      if (!isListed(at + 1)) return;
      context.fillStyle = at + 1 === state.lesion ? colours.chosen : colours.found;
      context.fillRect(along(first) - dense, 0, Math.max(along(last) - along(first), 0) + 2 * dense, marks.height);
    });
  }

  return { drawStage, drawMarks };
}
