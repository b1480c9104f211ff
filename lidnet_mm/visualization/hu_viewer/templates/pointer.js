// Mouse and touch on the slice: the line, the window, the slice, and the place under the pointer.
//
// `now` tells: view() in pixels of the slice, limits() of the window, and whether wheel() and
// swipe() change the slice. `act` has setWipe(part), setWindow(low, high), step(by), read(x, y) and
// pick(x, y), which a double click calls.
function listenToStage(stage, now, act) {
  "use strict";
  const SWIPE = 14; // pixels of a finger a slice
  const NOTCH = 30; // pixels of a wheel a slice: trackpads tell of many small ones

  function placeOf(event) {
    const bounds = stage.getBoundingClientRect();
    const view = now.view();
    const [x, y] = [(event.clientX - bounds.left) / bounds.width, (event.clientY - bounds.top) / bounds.height];
    return { part: x, x: view[0] + x * (view[2] - view[0]), y: view[1] + y * (view[3] - view[1]) };
  }

  function read(event) {
    const at = placeOf(event);
    act.read(Math.floor(at.x), Math.floor(at.y));
  }

  function changeWindow(drag, event) {
    const wide = Math.max(1, drag.high - drag.low + 4 * (event.clientX - drag.x));
    const level = (drag.low + drag.high) / 2 + 4 * (event.clientY - drag.y);
    act.setWindow(level - wide / 2, level + wide / 2);
  }

  // A finger goes sideways with the line, or up and down through the slices.
  function swipe(drag, event) {
    const [across, down] = [event.clientX - drag.x, event.clientY - drag.y];
    if (!drag.along && Math.max(Math.abs(across), Math.abs(down)) > 6) {
      drag.along = Math.abs(across) > Math.abs(down) ? "line" : "slices";
    }
    if (drag.along === "line") act.setWipe(placeOf(event).part);
    const steps = Math.trunc(down / SWIPE);
    if (drag.along !== "slices" || steps === drag.steps) return;
    act.step(drag.steps - steps);
    drag.steps = steps;
  }

  let drag = null;
  stage.addEventListener("pointerdown", event => {
    stage.focus();
    const [low, high] = now.limits();
    const kind = event.button === 2 ? "window" : event.pointerType === "touch" && now.swipe() ? "swipe" : "line";
    drag = { kind, x: event.clientX, y: event.clientY, low, high, steps: 0, along: "" };
    stage.setPointerCapture(event.pointerId);
    if (kind === "line") act.setWipe(placeOf(event).part);
  });
  stage.addEventListener("pointermove", event => {
    read(event);
    if (!drag) return;
    if (drag.kind === "line") act.setWipe(placeOf(event).part);
    else if (drag.kind === "swipe") swipe(drag, event);
    else changeWindow(drag, event);
  });
  for (const name of ["pointerup", "pointercancel"]) stage.addEventListener(name, () => { drag = null; });
  stage.addEventListener("contextmenu", event => event.preventDefault());
  stage.addEventListener("dblclick", event => {
    const at = placeOf(event);
    act.pick(at.x, at.y);
  });

  let turned = 0;
  stage.addEventListener("wheel", event => {
    if (event.ctrlKey || !now.wheel()) return;
    event.preventDefault();
    turned += event.deltaY * (event.deltaMode ? NOTCH : 1);
    if (Math.abs(turned) < NOTCH) return;
    act.step(-Math.sign(turned));
    turned = 0;
  }, { passive: false });
}
