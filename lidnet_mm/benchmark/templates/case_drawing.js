// Draws what is shown: the two sides, the enlarged region and the strip, with boxes and labels.
function caseDrawing(shown, images) {
  "use strict";
  const { state, currentCase, currentSlice, imageOf, isFolded, stageView, bestOverlap, foundIn, resultOf } = shown;
  const { picture } = images;
  const { fit, put, frame, label, split } = huCanvas();
  const [stage, zoom, strip] = [byId("stage"), byId("region"), byId("strip")];
  const style = getComputedStyle(document.documentElement);
  const colours = { truth: style.getPropertyValue("--truth").trim(),
    found: style.getPropertyValue("--found").trim(), region: "#5fd38d" };

  function drawImage(on, place) {
    const image = imageOf(place);
    const whole = picture(image.whole, state.low, state.high);
    put(on, whole, 0, 0, image.binning);
    if (image.region === null) return;
    put(on, picture(image.region, state.low, state.high), ...currentCase().region.slice(0, 2), 1);
  }

  function drawBoxes(on, place, labelled) {
    if (!state.boxes) return;
    for (const box of currentSlice().truth) frame(on, box, colours.truth);
    for (const box of foundIn(place).toReversed()) {
      frame(on, box, colours.found, true);
      if (labelled) label(on, box, `${box[4].toFixed(2)}, IoU ${bestOverlap(box).toFixed(2)}`, colours.found);
    }
  }

  function drawSides(canvas, view, labelled) {
    const on = fit(canvas, view);
    split(on, state.wipe, side => {
      const place = side ? state.right : state.left;
      drawImage(on, place);
      drawBoxes(on, place, labelled);
    });
    return on;
  }

  function drawScreens() {
    const on = drawSides(stage, stageView(), true);
    if (!state.enlarge) frame(on, state.region, colours.region);
    drawSides(zoom, state.region, false);
  }

  function drawRegion(canvas, place) {
    const on = fit(canvas, state.region);
    drawImage(on, place);
    drawBoxes(on, place, false);
  }

  function drawStrip() {
    strip.querySelectorAll("button").forEach((button, place) => {
      if (!isFolded(place)) drawRegion(button.querySelector("canvas"), place);
      button.querySelector("small").textContent = resultOf(place);
      const sides = [place === state.left && "left", place === state.right && "right"].filter(Boolean);
      button.setAttribute("aria-pressed", String(sides.length > 0));
      button.querySelector("em").textContent = sides.join(" and ");
    });
  }

  return { drawScreens, drawStrip };
}
