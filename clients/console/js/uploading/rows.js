/** The list of files: however many there are, only those in sight are elements. */

import { fill, h } from "../dom.js";
import { percent, size } from "../words.js";
import { actions, standing } from "./standing.js";

const MARGIN = 6;

/** A list that shows what `chosen()` answers whenever `draw` is called; to scroll asks nobody anew. */
export function list(chosen, signal) {
  const element = h("ul", { class: "files", "aria-label": "Files" });
  const rows = new Map();
  let waiting = false;
  let all = null;
  let height = 0;

  function measure() {
    all = chosen();
    height = rowHeight(element);
    const tall = `${all.length * height}px`;
    if (element.style.height !== tall) element.style.setProperty("height", tall);
  }

  function draw() {
    if (!all) measure();
    const above = -element.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(above / height) - MARGIN);
    const last = Math.min(all.length, Math.ceil((above + innerHeight) / height) + MARGIN);
    const wanted = new Set(all.slice(first, last));
    let left = null;
    for (const [entry, row] of rows) {
      if (wanted.has(entry) || (row.element.contains(document.activeElement) && all.includes(entry))) continue;
      if (row.element.contains(document.activeElement)) left = row.at;
      row.element.remove();
      rows.delete(entry);
    }
    let before = null;
    for (let at = first; at < last; at += 1) {
      const row = rows.get(all[at]) ?? made(all[at]);
      place(row, at, all.length);
      const isInPlace = row.element.parentNode && row.element.previousElementSibling === before;
      if (!isInPlace && before) before.after(row.element);
      else if (!isInPlace) element.prepend(row.element);
      before = row.element;
      if (row.version !== all[at].version) update(row, all[at]);
    }
    // Who removed a row with the keyboard goes on at the next one.
    if (left !== null) rows.get(all[Math.min(left, all.length - 1)])?.element.querySelector("button, a")?.focus();
  }

  function made(entry) {
    const row = rowOf(entry);
    rows.set(entry, row);
    return row;
  }

  const soon = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(); });
  };
  const anew = () => {
    all = null;
    soon();
  };
  addEventListener("scroll", soon, { passive: true, signal });
  addEventListener("resize", anew, { signal });
  return { element, draw: anew };
}

const rowHeight = (element) => parseFloat(getComputedStyle(element).getPropertyValue("--row")) || 72;

function place(row, at, total) {
  if (row.at === at && row.total === total) return;
  Object.assign(row, { at, total });
  row.element.style.setProperty("--at", at);
  row.element.setAttribute("aria-posinset", at + 1);
  row.element.setAttribute("aria-setsize", total);
}

function rowOf(entry) {
  const bar = h("progress", { max: 1, "aria-label": `Progress of ${entry.name}` });
  const parts = { told: h("p", { class: "told small" }), stages: h("div", { class: "stages", "aria-hidden": "true" }), bar, acts: h("div", { class: "acts" }) };
  const element = h("li", { class: "file" },
    h("div", { class: "what" }, h("p", { class: "name", dir: "auto", title: entry.path }, entry.path), parts.told),
    h("div", { class: "how" }, h("span", { class: "quiet small" }, size(entry.size)), parts.stages, bar),
    parts.acts);
  return { element, parts, version: -1, shape: "" };
}

function update(row, entry) {
  row.version = entry.version;
  const { text, look, share, stages, acts } = standing(entry);
  const { told, bar, acts: place, stages: dots } = row.parts;
  if (told.textContent !== text) Object.assign(told, { textContent: text, title: text });
  told.className = `told small ${look}`;
  bar.hidden = share === null;
  if (share !== null) {
    bar.value = share;
    bar.title = percent(share);
  }
  const shape = JSON.stringify([stages, acts]);
  if (shape === row.shape) return;
  row.shape = shape;
  fill(dots, stages.map(({ name, state }) => h("span", { class: state, title: `${name}: ${state}` })));
  const held = place.contains(document.activeElement);
  fill(place, acts.map((act) => button(act, entry)));
  if (held) place.querySelector("button, a")?.focus();
}

function button(act, entry) {
  const { label, href, run } = actions[act];
  const named = `${label} ${entry.name}`;
  return href ? h("a", { class: "button", href: href(entry), "aria-label": named }, label)
    : h("button", { type: "button", "aria-label": named, on: { click: () => run(entry) } }, label);
}
