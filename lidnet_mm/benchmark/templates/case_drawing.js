// Draws what is shown: the two sides, the enlarged region and the strip, with boxes and labels.
function caseDrawing(shown, images) {
  "use strict";
  const { state, currentCase, currentSlice, imageOf, isFolded, stageView, bestOverlap, foundIn, resultOf } = shown;
  const { picture } = images;
  const [stage, zoom, strip] = [byId("stage"), byId("region"), byId("strip")];
  const style = getComputedStyle(document.documentElement);
  const colours = { truth: style.getPropertyValue("--truth").trim(),
    found: style.getPropertyValue("--found").trim(), region: "#5fd38d", line: "#ffffff" };

  // `view` is the part [x1, y1, x2, y2] of the slice that fills the canvas.
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
    const whole = picture(image.whole, state.low, state.high);
    on.context.imageSmoothingEnabled = false;
    const put = (source, x, y, scale) => on.context.drawImage(source, (x - on.x) * on.scale,
      (y - on.y) * on.scale, source.width * scale * on.scale, source.height * scale * on.scale);
    put(whole, 0, 0, image.binning);
    if (image.region === null) return;
    put(picture(image.region, state.low, state.high), ...currentCase().region.slice(0, 2), 1);
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

  function drawScreens() {
    const on = drawSides(stage, stageView(), true);
    if (!state.enlarge) frame(on, state.region, colours.region, false);
    drawSides(zoom, state.region, false);
  }

  function drawRegion(canvas, place) {
    const on = fit(canvas, state.region);
    on.context.fillStyle = "#000";
    on.context.fillRect(0, 0, on.width, on.height);
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
