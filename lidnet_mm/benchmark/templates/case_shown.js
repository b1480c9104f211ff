// What is shown: case, slice, sides, window, region, and boxes above the threshold.
function caseShown(cases) {
  "use strict";
  const state = { case: 0, slice: 0, left: 0, right: 0, low: 0, high: 1, wipe: 0.5,
    threshold: 0.3, boxes: true, enlarge: false, unfolded: false, region: [0, 0, 1, 1] };

  const currentCase = () => cases[state.case];
  const currentSlice = () => currentCase().slices[state.slice];
  const imageOf = place => currentSlice().images[place];
  const wholeView = () => [0, 0, currentCase().shape[1], currentCase().shape[0]];
  const stageView = () => state.enlarge ? state.region : wholeView();

  // Images that stand together, each with its place among all.
  function groupsOf() {
    let next = 0;
    return currentCase().groups.map(({ name, count, folded }) => ({ name, folded,
      images: currentCase().titles.slice(next, next += count).map((title, n) => ({ title, place: next - count + n })) }));
  }
  const isFolded = place => !state.unfolded
    && groupsOf().some(({ folded, images }) => folded && images.some(image => image.place === place));

  function overlap(a, b) {
    const wide = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
    const tall = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
    if (wide <= 0 || tall <= 0) return 0;
    const area = box => (box[2] - box[0]) * (box[3] - box[1]);
    return wide * tall / (area(a) + area(b) - wide * tall);
  }
  const bestOverlap = box => Math.max(0, ...currentSlice().truth.map(truth => overlap(box, truth)));
  const foundIn = place => imageOf(place).found.filter(box => box[4] >= state.threshold);

  function resultOf(place) {
    if (!currentSlice().truth.length) return `${foundIn(place).length} boxes`;
    const best = Math.max(0, ...foundIn(place).map(bestOverlap));
    return best > 0 ? `IoU ${best.toFixed(2)}` : "not found";
  }

  return { cases, state, currentCase, currentSlice, groupsOf, isFolded, imageOf, stageView, bestOverlap, foundIn, resultOf };
}
