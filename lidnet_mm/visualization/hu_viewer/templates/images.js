// Packed images: unpacked once each, the last used kept; painted in a window.

// (elements with their base 64) -> images by their place among these
function huImages(packed) {
  "use strict";
  const MOST_PIXELS = 24e6;
  const unpacked = new Map();
  const painted = new Map();
  let kept = 0;

  const sizeOf = index => [Number(packed[index].dataset.width), Number(packed[index].dataset.height)];

  function unpack(index) {
    const [width, height] = sizeOf(index);
    if (unpacked.has(index)) {
      const found = unpacked.get(index);
      unpacked.delete(index); // to the end: the one used last
      unpacked.set(index, found);
      return found;
    }
    const image = unpackImage(packed[index], width, height).then(hu => (image.hu = hu));
    unpacked.set(index, image);
    kept += width * height;
    for (const oldest of unpacked.keys()) {
      if (kept <= MOST_PIXELS || oldest === index) break;
      const [wide, tall] = sizeOf(oldest);
      unpacked.delete(oldest);
      painted.delete(oldest);
      kept -= wide * tall;
    }
    return image;
  }

  function picture(index, low, high) {
    const known = painted.get(index);
    if (known && known.low === low && known.high === high) return known.canvas;
    const canvas = known ? known.canvas : document.createElement("canvas");
    if (!known) [canvas.width, canvas.height] = sizeOf(index);
    paintHU(canvas, unpacked.get(index).hu, low, high);
    painted.set(index, { canvas, low, high });
    return canvas;
  }

  const hu = index => unpacked.get(index).hu;
  const valueAt = (index, x, y) => hu(index)[y * sizeOf(index)[0] + x];

  return { sizeOf, unpack, picture, hu, valueAt };
}
