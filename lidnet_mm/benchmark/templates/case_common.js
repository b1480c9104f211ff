// What the scripts of the case viewer share.
const byId = id => document.getElementById(id);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const minus = value => String(value).replace("-", "−");
