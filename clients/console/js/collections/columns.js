/** Which fields of a collection are shown as columns. The browser remembers them. */

import { h } from "../dom.js";
import { askFor } from "../parts/dialog.js";

const AT_FIRST = 7;
const kept = (collection) => `mammothbox.columns.${collection.id}`;

/** The chosen fields, or those that most documents have. */
export function chosenColumns(collection) {
  const known = new Set(collection.fields.map((each) => each.field));
  const chosen = JSON.parse(localStorage.getItem(kept(collection)) ?? "null")?.filter((field) => known.has(field));
  return chosen?.length ? chosen : usual(collection);
}

function usual(collection) {
  // Of an object its fields say more than itself.
  const telling = collection.fields.filter((each) => Object.keys(each.types).some((type) => type !== "object"));
  const places = new Map(collection.fields.map((each, at) => [each, at]));
  return telling.sort((one, other) => other.presence - one.presence || places.get(one) - places.get(other))
    .slice(0, AT_FIRST).map((each) => each.field);
}

/** A button that asks for the columns, and then calls `changed`. */
export function columnChooser(current, changed) {
  return h("button", { type: "button", on: { click: ask } }, "Columns…");

  async function ask() {
    const collection = current();
    const now = new Set(chosenColumns(collection));
    const boxes = collection.fields.map((each) => h("label", { class: "choice" },
      h("input", { type: "checkbox", value: each.field, checked: now.has(each.field) }), h("code", {}, each.field)));
    const find = h("input", { type: "search", autocomplete: "off", on: { input: () => {
      for (const box of boxes) box.hidden = !box.textContent.toLowerCase().includes(find.value.trim().toLowerCase());
    } } });
    const said = await askFor("Which fields to show", [
      h("label", {}, "Find", find),
      h("div", { class: "choices", role: "group", "aria-label": "Fields" }, boxes),
      h("p", { class: "small quiet" }, "Without any, those that most documents have are shown."),
    ], { answer: "Show" });
    if (said === null) return;
    const picked = boxes.map((box) => box.querySelector("input")).filter((box) => box.checked).map((box) => box.value);
    localStorage.setItem(kept(collection), JSON.stringify(picked));
    changed();
  }
}
