// What is shown of the series: slice, window, line, zoom, and the lesions above the threshold.
function studyShown(study) {
  "use strict";
  const { shape: [height, width], spacing, slices, lesions, windows } = study;
  const state = { place: 0, low: windows[0].low, high: windows[0].high, span: 100, wipe: 0.5, mode: "split",
    boxes: true, threshold: 0, lesion: 0, zoom: 1, view: [0, 0, width, height] };

  const slice = () => slices[state.place];
  const isListed = number => lesions[number - 1].score >= state.threshold;
  const boxes = () => state.boxes ? slice().boxes.filter(box => isListed(box[5])) : [];

  // Place of the shown slice that is nearest to a slice of the series.
  function nearest(index) {
    const distance = place => Math.abs(slices[place].index - index);
    return slices.reduce((best, _, place) => distance(place) < distance(best) ? place : best, 0);
  }

  return { ...study, height, width, tall: spacing ? spacing[0] / spacing[1] : 1, state, slice, isListed, boxes, nearest };
}
