// Regions of one recorded iteration at a time.
for (const figure of document.querySelectorAll("figure.regions")) {
  const slider = figure.querySelector("input");
  const groups = [...figure.querySelectorAll("g")];
  const show = () => {
    groups.forEach((group, place) => {
      if (place === Number(slider.value)) group.removeAttribute("display");
      else group.setAttribute("display", "none");
    });
    const { words } = groups[Number(slider.value)].dataset;
    figure.querySelector("output").textContent = words;
    slider.setAttribute("aria-valuetext", words);
  };
  slider.addEventListener("input", show);
  show();
}
