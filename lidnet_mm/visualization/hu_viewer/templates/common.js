// What the scripts of viewers share.
const byId = id => document.getElementById(id);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const minus = value => String(value).replace("-", "−");

// Says on the page what went wrong, and leaves it to the console, too.
function reportTrouble(error) {
  byId("trouble").textContent = typeof DecompressionStream === "undefined"
    ? "This browser is too old to unpack the pictures: use one of 2023 or later."
    : `The pictures cannot be drawn: ${error.message}`;
  byId("trouble").hidden = false;
  throw error;
}
