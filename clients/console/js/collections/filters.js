/** What documents are narrowed to: a chip for each filter, and a form for one more. */

import { h } from "../dom.js";
import { OPERATORS, operatorSays } from "./asking.js";

let forms = 0;

/** `changed` gets all filters as they are to be, each `[field, operator, text]`. */
export function filterBar(collection, filters, changed) {
  forms += 1;
  const list = `fields-${forms}`;
  const form = h("form", { class: "filter-form", on: { submit } },
    h("datalist", { id: list }, collection.fields.map((each) => h("option", { value: each.field }))),
    h("label", {}, "Field", h("input", { name: "field", list, required: true, autocomplete: "off", spellcheck: "false", placeholder: collection.fields[0]?.field ?? "field" })),
    h("label", {}, "Compares", h("select", { name: "operator" }, OPERATORS.map(([value, label]) => h("option", { value }, label)))),
    h("label", {}, "Value", h("input", { name: "text", autocomplete: "off" })),
    h("button", {}, "Add filter"));
  return h("div", { class: "stack tight" }, form,
    filters.length > 0 && h("div", { class: "row", role: "group", "aria-label": "Filters in use" },
      filters.map((each, at) => h("button", { type: "button", class: "chip", "aria-label": `Remove the filter ${says(each)}`, on: { click: () => changed(filters.toSpliced(at, 1)) } },
        h("span", {}, says(each)), h("span", { "aria-hidden": "true" }, "✕"))),
      filters.length > 1 && h("button", { type: "button", class: "chip", on: { click: () => changed([]) } }, "Remove all")));

  function submit(event) {
    event.preventDefault();
    const { field, operator, text } = form.elements;
    const added = [field.value.trim(), operator.value, operator.value === "exists" ? text.value.trim() || "true" : text.value];
    // The same comparison of the same field replaces the one before.
    changed([...filters.filter((each) => each[0] !== added[0] || each[1] !== added[1]), added]);
  }
}

const says = ([field, operator, text]) => (operator === "exists"
  ? `${field} ${text === "false" ? "is not there" : "is there"}`
  : `${field} ${operatorSays(operator)} ${text === "" ? "(empty)" : text}`);
