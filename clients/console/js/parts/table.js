/** Tables that scroll sideways in themselves, so that the page never has to. */

import { h } from "../dom.js";

/**
 * `columns` are `{label, cell(row), number?, heads?, acts?, least?, sort?}`; what `cell` answers is
 * shown. A column that heads says what the row is about, one that acts has buttons, and `least` is how
 * many pixels it is wide at least. The caption is read to those who do not see the page. `sort` is
 * `{now: "ascending"|"descending"|null, by(event)}` and makes the heading a button.
 */
export function table(caption, columns, rows) {
  return framed("scroll-x table", caption, columns, rows);
}

/** The same for few columns: on a phone each row folds into a card with its labels. */
export function cards(caption, columns, rows) {
  return framed("scroll-x table folds", caption, columns, rows);
}

function framed(look, caption, columns, rows) {
  // The roles are said outright, for a row that is laid out as a card stays a row to those who listen.
  return h("div", { class: look, tabindex: "0", role: "region", "aria-label": caption, dataset: { key: caption } },
    h("table", { role: "table" },
      h("caption", { class: "unseen" }, caption),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map(heading))),
      h("tbody", { role: "rowgroup" }, rows.map((row) => h("tr", { role: "row" }, columns.map((column) => cell(column, row)))))));
}

function cell(column, row) {
  const properties = { class: column.acts ? "acts" : column.number ? "number" : null, dataset: { label: column.label } };
  return column.heads
    ? h("th", { ...properties, scope: "row", role: "rowheader" }, column.cell(row))
    : h("td", { ...properties, role: "cell" }, column.cell(row));
}

const ARROWS = { ascending: "▲", descending: "▼" };

function heading({ label, number, acts, least, sort }) {
  const properties = { scope: "col", role: "columnheader", class: number ? "number" : null, "aria-sort": sort ? sort.now ?? "none" : null, dataset: { label }, style: least ? { "min-inline-size": `${least}px` } : {} };
  if (!sort) return h("th", properties, acts ? h("span", { class: "unseen" }, label) : label);
  return h("th", properties, h("button", { type: "button", class: "plain sort", dataset: { key: `sort ${label}` }, on: { click: sort.by } },
    label, ARROWS[sort.now] && h("span", { "aria-hidden": "true" }, ARROWS[sort.now])));
}
