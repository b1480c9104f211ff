// The images to choose from: options of a list, and the strip of enlarged regions.

// Groups that have a name stand under it.
function caseOptions(groups) {
  "use strict";
  return groups.flatMap(({ name, images }) => {
    const options = images.map(({ title, place }) => new Option(title, place));
    if (!name) return options;
    const group = document.createElement("optgroup");
    group.label = name;
    group.append(...options);
    return [group];
  });
}

// `choose` is called with a side and a place, `unfold` with whether what was folded away is open.
function caseStrip(groups, unfolded, choose, unfold) {
  "use strict";
  const make = (tag, text = "") => Object.assign(document.createElement(tag), { textContent: text });

  function imageItem({ title, place }) {
    const [item, button] = [make("li"), make("button")];
    button.type = "button";
    button.append(make("canvas"), make("span", title), make("small"), make("em"));
    button.addEventListener("click", event => choose(event.shiftKey ? "left" : "right", place));
    item.append(button);
    return item;
  }

  return groups.map(({ name, folded, images }) => {
    const [group, list] = [make(folded ? "details" : "div"), make("ul")];
    list.append(...images.map(imageItem));
    if (name) list.setAttribute("aria-label", name);
    if (name) group.append(make(folded ? "summary" : "p", folded ? `${name} (${images.length})` : name));
    group.append(list);
    group.style.setProperty("--images", images.length);
    if (folded) {
      group.open = unfolded;
      group.addEventListener("toggle", () => unfold(group.open));
    }
    return group;
  });
}
