"use strict";
(() => {
  const KEPT = 12; // unpacked slices kept in memory
  const byId = id => document.getElementById(id);
  const articles = [...document.querySelectorAll("article.slice")];
  const entries = [...document.querySelectorAll(".sheet li")];
  const [filter, windows, low, high] = ["filter", "window", "low", "high"].map(byId);
  const [boxes, difference, span] = ["boxes", "difference", "span"].map(byId);
  const unpacked = new Map();
  let current = 0;
  let zoomed = -1; // box of the slice that is enlarged; -1 for the whole slice

  async function unpackSlice(article) {
    const images = {};
    for (const script of article.querySelectorAll("script.pixels")) {
      const panel = script.closest(".panel");
      const { width, height } = panel.querySelector("canvas");
      images[panel.dataset.panel] = await unpackImage(script, width, height);
    }
    if (images.ldct) images.difference = images.ldct.map((hu, at) => hu - images.ndct[at]);
    return images;
  }

  function imagesOf(index) {
    if (!unpacked.has(index)) unpacked.set(index, unpackSlice(articles[index]));
    const images = unpacked.get(index);
    unpacked.delete(index); // to the end: the one used last
    unpacked.set(index, images);
    for (const oldest of unpacked.keys()) {
      if (unpacked.size <= KEPT) break;
      unpacked.delete(oldest);
    }
    return images;
  }

  function limits(panel) {
    if (panel === "difference") return [-Number(span.value), Number(span.value)];
    return [Number(low.value), Number(high.value)];
  }

  async function draw(index) {
    const images = await imagesOf(index);
    for (const panel of articles[index].querySelectorAll(".panel")) {
      const [from, to] = limits(panel.dataset.panel);
      if (from < to) paintHU(panel.querySelector("canvas"), images[panel.dataset.panel], from, to);
    }
    articles[index].dataset.drawn = `${low.value} ${high.value}`;
  }

  function report(error) {
    byId("trouble").textContent = typeof DecompressionStream === "undefined"
      ? "This browser is too old to unpack the pictures: use one of 2023 or later."
      : `The pictures cannot be drawn: ${error.message}`;
    byId("trouble").hidden = false;
  }

  const redraw = () => draw(current).catch(report);

  function visible() {
    const wanted = filter.value;
    return articles.flatMap((article, index) =>
      wanted === "all" || article.dataset.kind === wanted ? [index] : []);
  }

  function show(index) {
    current = index;
    articles.forEach((article, other) => { article.hidden = other !== index; });
    entries.forEach((entry, other) => {
      const link = entry.querySelector("a");
      if (other === index) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
    const among = visible();
    const place = among.indexOf(index);
    byId("position").textContent = place < 0 ? "–" : `${place + 1} of ${among.length}`;
    byId("previous").disabled = place <= 0;
    byId("next").disabled = place < 0 || place === among.length - 1;
    byId("zoom").disabled = !articles[index].querySelector(".enlarge");
    enlarge(-1);
    return redraw();
  }

  function go(step) {
    const among = visible();
    const place = among.indexOf(current) + step;
    if (among[place] !== undefined) show(among[place]);
  }

  function enlarge(box) {
    const article = articles[current];
    const buttons = article.querySelectorAll(".enlarge");
    zoomed = box < buttons.length ? box : -1;
    for (const stage of article.querySelectorAll(".stage")) {
      const { width, height } = stage.querySelector("canvas");
      const [x1, y1, x2, y2] = zoomed < 0
        ? [0, 0, width, height] : buttons[zoomed].dataset.region.split(" ").map(Number);
      // One scale for both axes, the region in the middle of the stage.
      const scale = Math.min(width / (x2 - x1), height / (y2 - y1));
      const place = (from, to, whole) =>
        Math.min(Math.max(scale * (from + to) / 2 - whole / 2, 0), scale * whole - whole);
      for (const layer of stage.children) {
        layer.style.width = layer.style.height = `${100 * scale}%`;
        layer.style.left = `${-100 * place(x1, x2, width) / width}%`;
        layer.style.top = `${-100 * place(y1, y2, height) / height}%`;
      }
    }
  }

  function setWindow(option) {
    if (option.dataset.low === undefined) return;
    low.value = option.dataset.low;
    high.value = option.dataset.high;
    redraw();
  }

  function setLimits() {
    const same = [...windows.options].find(
      option => option.dataset.low === low.value && option.dataset.high === high.value);
    const own = windows.querySelector("[value=own]");
    own.hidden = Boolean(same);
    (same || own).selected = true;
    for (const input of [low, high]) {
      input.setCustomValidity(Number(low.value) < Number(high.value) ? "" : "from must be below to");
      input.reportValidity();
    }
    redraw();
  }

  function setBoxes() {
    document.body.classList.toggle("without-boxes", !boxes.checked);
  }

  function setDifference() {
    byId("span-label").hidden = !difference.checked;
    for (const panel of document.querySelectorAll("[data-panel=difference]")) {
      panel.hidden = !difference.checked;
    }
  }

  function setFilter() {
    entries.forEach(entry => {
      entry.hidden = filter.value !== "all" && entry.dataset.kind !== filter.value;
    });
    const among = visible();
    show(among.includes(current) || !among.length ? current : among[0]);
  }

  async function printAll() {
    for (const index of articles.keys()) await draw(index);
    document.body.classList.add("printing-all");
    window.print();
  }

  function read(event) {
    const article = articles[current];
    const readout = article.querySelector(".readout");
    const canvas = event.target.closest ? event.target.closest("canvas") : null;
    if (!canvas || !article.contains(canvas)) return;
    const frame = canvas.getBoundingClientRect();
    const x = Math.floor((event.clientX - frame.left) / frame.width * canvas.width);
    const y = Math.floor((event.clientY - frame.top) / frame.height * canvas.height);
    if (x < 0 || y < 0 || x >= canvas.width || y >= canvas.height) return;
    imagesOf(current).then(images => {
      const names = { ldct: "LDCT", ndct: "NDCT", difference: "difference" };
      const values = Object.entries(images)
        .map(([name, hu]) => `${names[name]} ${hu[y * canvas.width + x]} HU`.replace("-", "−"));
      readout.textContent = [`x ${x}, y ${y}`, ...values].join("   ");
    });
  }

  const toggle = box => { box.checked = !box.checked; box.dispatchEvent(new Event("change")); };
  const keys = {
    ArrowLeft: () => go(-1),
    ArrowRight: () => go(1),
    Home: () => visible().length && show(visible()[0]),
    End: () => visible().length && show(visible().at(-1)),
    b: () => toggle(boxes),
    d: () => difference && toggle(difference),
    z: () => enlarge(zoomed + 1),
  };
  function press(event) {
    const field = event.target.matches && event.target.matches("select, input[type=number]");
    if (field || event.ctrlKey || event.altKey || event.metaKey) return;
    const option = windows.options[Number(event.key) - 1];
    if (option && option.dataset.low !== undefined) {
      option.selected = true;
      setWindow(option);
    } else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
  }

  function follow() {
    const index = articles.findIndex(article => `#${article.id}` === location.hash);
    if (index < 0) return;
    if (!visible().includes(index)) filter.value = "all";
    entries.forEach(entry => { entry.hidden = false; });
    setFilter();
    show(index);
    byId("viewer").scrollIntoView();
  }

  byId("previous").addEventListener("click", () => go(-1));
  byId("next").addEventListener("click", () => go(1));
  byId("zoom").addEventListener("click", () => enlarge(zoomed + 1));
  byId("print").addEventListener("click", () => printAll().catch(report));
  filter.addEventListener("change", setFilter);
  windows.addEventListener("change", () => setWindow(windows.selectedOptions[0]));
  for (const input of [low, high]) input.addEventListener("change", setLimits);
  boxes.addEventListener("change", setBoxes);
  if (difference) {
    difference.addEventListener("change", setDifference);
    span.addEventListener("change", redraw);
  }
  document.querySelector(".controls").addEventListener("submit", event => event.preventDefault());
  articles.forEach(article => {
    article.querySelectorAll(".enlarge").forEach((button, index) =>
      button.addEventListener("click", () => enlarge(zoomed === index ? -1 : index)));
  });
  document.addEventListener("keydown", press);
  document.addEventListener("pointermove", read);
  window.addEventListener("hashchange", follow);
  window.addEventListener("afterprint", () => document.body.classList.remove("printing-all"));
  [low.value, high.value] = [windows.options[0].dataset.low, windows.options[0].dataset.high];
  show(0).then(follow);
})();
