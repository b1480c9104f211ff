// The viewer of cases, put together of the scripts before this one.
(() => {
  "use strict";
  const { cases, presets } = JSON.parse(byId("case-data").textContent);
  const root = byId("viewer");
  const inputs = Object.fromEntries(["case", "slice", "left", "right", "preset", "width", "level",
    "threshold", "boxes", "enlarge", "wipe"].map(id => [id, byId(id)]));
  const shown = caseShown(cases);
  const images = huImages([...document.querySelectorAll("script.pixels")]);
  const { drawScreens, drawStrip } = caseDrawing(shown, images);
  const { describe } = caseWords(shown);

  let wanted = 0;
  async function draw() {
    const turn = ++wanted;
    const places = shown.currentSlice().images.flatMap(image => [image.whole, image.region]);
    await Promise.all(places.filter(place => place !== null).map(images.unpack));
    if (turn !== wanted) return; // another slice has been asked for since
    drawScreens();
    drawStrip();
    describe();
    root.dataset.drawn = turn;
  }
  const redraw = () => draw().catch(reportTrouble);

  const settings = caseSettings(shown, presets, inputs, redraw);
  listenToPointer(root, shown, images, settings);
  listenToKeys(root, shown, presets, settings);
  listenToForm(root.querySelector("form"), shown, presets, inputs, settings);
  new ResizeObserver(redraw).observe(root);
  document.documentElement.classList.add("with-viewer");
  root.hidden = false;
  settings.reset();
})();
