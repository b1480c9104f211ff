// HU of an image that packed_image.py packed, and its grey values in a window.

// (element with its base 64) -> Int32Array of HU, row by row
async function unpackImage(element, width, height) {
  const packed = Uint8Array.from(atob(element.textContent), letter => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  const count = width * height;
  const levels = new Int16Array(count); // wraps around as 16 bits do
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const left = x ? levels[at - 1] : 0;
      const above = y ? levels[at - width] : 0;
      const folded = planes[at] << 8 | planes[count + at];
      levels[at] = (left + above >> 1) + (folded >> 1 ^ -(folded & 1));
    }
  }
  const step = Number(element.dataset.step);
  return Int32Array.from(levels, level => level * step);
}

// Fills a canvas of the image's size.
function paintHU(canvas, hu, low, high) {
  const context = canvas.getContext("2d");
  const picture = context.createImageData(canvas.width, canvas.height);
  const grey = new Uint32Array(picture.data.buffer);
  const scale = 255 / (high - low);
  for (let at = 0; at < hu.length; at++) {
    const level = Math.round(Math.min(Math.max((hu[at] - low) * scale, 0), 255));
    grey[at] = 0xff000000 | level << 16 | level << 8 | level;
  }
  context.putImageData(picture, 0, 0);
}
