// Drawing on canvases: pictures, boxes with words, and two sides with a line between them.
// A `view` is the part [x1, y1, x2, y2] of the slice that fills the canvas.
function huCanvas() {
  "use strict";

  // `tall` is the height of a pixel in the patient over its width.
  function fit(canvas, view, tall = 1) {
    const dense = Math.min(window.devicePixelRatio || 1, 2);
    const width = Math.max(1, Math.round(canvas.clientWidth * dense));
    const height = Math.max(1, Math.round(width * tall * (view[3] - view[1]) / (view[2] - view[0])));
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d");
    context.fillStyle = "#000";
    context.fillRect(0, 0, width, height);
    return { context, width, height, dense, x: view[0], y: view[1],
      across: width / (view[2] - view[0]), down: height / (view[3] - view[1]) };
  }

  // `scale`: pixels of the slice a pixel of the picture. Pixels are averaged where they are more
  // than those of the canvas, and never interpolated.
  function put(on, picture, x, y, scale) {
    on.context.imageSmoothingEnabled = on.across * scale < 1;
    on.context.drawImage(picture, (x - on.x) * on.across, (y - on.y) * on.down,
      picture.width * scale * on.across, picture.height * scale * on.down);
  }

  function frame(on, box, colour, dashed = false) {
    on.context.setLineDash(dashed ? [6 * on.dense, 4 * on.dense] : []);
    on.context.strokeStyle = colour;
    on.context.lineWidth = 2 * on.dense;
    on.context.strokeRect((box[0] - on.x) * on.across, (box[1] - on.y) * on.down,
      (box[2] - box[0]) * on.across, (box[3] - box[1]) * on.down);
    on.context.setLineDash([]);
  }

  function label(on, box, text, colour) {
    const size = 12 * on.dense;
    on.context.font = `${size}px system-ui, sans-serif`;
    const wide = on.context.measureText(text).width + 6 * on.dense;
    const left = clamp((box[0] - on.x) * on.across, 0, Math.max(on.width - wide, 0));
    const above = (box[1] - on.y) * on.down - size - 6 * on.dense;
    const top = above > 0 ? above : (box[3] - on.y) * on.down + 2 * on.dense;
    on.context.fillStyle = "rgba(0, 0, 0, .7)";
    on.context.fillRect(left, top, wide, size + 4 * on.dense);
    on.context.fillStyle = colour;
    on.context.textBaseline = "top";
    on.context.fillText(text, left + 3 * on.dense, top + 2 * on.dense);
  }

  // `draw` is called with 0 for what is left of the line and 1 for what is right of it.
  function split(on, wipe, draw) {
    const middle = Math.round(wipe * on.width);
    for (const [side, from, to] of [[0, 0, middle], [1, middle, on.width]]) {
      on.context.save();
      on.context.beginPath();
      on.context.rect(from, 0, to - from, on.height);
      on.context.clip();
      draw(side);
      on.context.restore();
    }
    on.context.fillStyle = "#ffffff";
    if (wipe > 0 && wipe < 1) on.context.fillRect(middle - on.dense, 0, 2 * on.dense, on.height);
  }

  return { fit, put, frame, label, split };
}
