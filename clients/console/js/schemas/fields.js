/** The fields of the documents as they were found: types, presence, values. */

import { h } from "../dom.js";
import { bars, share } from "../parts/chart.js";
import { count, percent, several } from "../words.js";

const AT_FIRST = 24;

/** Every field of a profile, with a box that narrows them where they are many. */
export function fieldList(profile) {
  const fields = profile.fields ?? [];
  const list = h("ul", { class: "fields" });
  const told = h("p", { class: "small quiet", role: "status" });
  const more = h("button", { type: "button", hidden: true, on: { click: () => draw(Infinity) } }, "Show all");
  const find = h("input", { type: "search", autocomplete: "off", on: { input: () => draw(AT_FIRST) } });
  draw(AT_FIRST);
  return h("div", { class: "stack" },
    fields.length > AT_FIRST && h("label", { class: "narrow" }, "Find a field", find), told, list, h("div", {}, more),
    profile.skipped > 0 && h("p", { class: "notice warn" }, "The documents have more fields than are told apart; the others are not listed."));

  function draw(most) {
    const wanted = fields.filter((field) => (field.path ?? "").toLowerCase().includes(find.value.trim().toLowerCase()));
    list.replaceChildren(...wanted.slice(0, most).map((field) => fieldItem(field)));
    more.hidden = wanted.length <= most;
    told.textContent = wanted.length > most ? `${count(most)} of ${several(wanted.length, "field")}` : several(wanted.length, "field");
  }
}

function fieldItem(field) {
  return h("li", {},
    h("div", { class: "field-name" }, h("code", {}, field.path ?? "(the document)"), h("div", { class: "row" }, types(field))),
    h("div", {}, share(field.presence, `${exactPercent(field.presence)} of the documents`),
      field.distinct !== undefined && h("p", { class: "small quiet" }, `about ${several(field.distinct, "different value")}`)),
    h("div", {}, values(field)));
}

/** Shares that are nearly all or nearly nothing are not rounded to it. */
function exactPercent(value) {
  if (value > 0.995 && value < 1) return `${(Math.floor(value * 10_000) / 100).toFixed(2)} %`;
  if (value > 0 && value < 0.005) return "< 1 %";
  return percent(value);
}

function types(field) {
  const total = Object.values(field.counts).reduce((sum, each) => sum + each, 0);
  return Object.entries(field.counts).sort((one, other) => other[1] - one[1]).map(([type, times]) =>
    h("span", { class: "chip" }, times === total ? type : `${type} ${exactPercent(times / total)}`));
}

/** All values with how often each came, where they are few; otherwise the range and some of them. */
function values(field) {
  const listed = Object.entries(field.values ?? {}).sort((one, other) => other[1] - one[1]);
  if (listed.length) {
    return bars(`Values of ${field.path}`, listed.slice(0, 8).map(([text, times]) => ({ label: text, value: times, text: count(times) })));
  }
  const { numeric, text, lists } = field;
  return [
    numeric && h("p", { class: "small" }, "from ", h("code", {}, numeric.smallest), " to ", h("code", {}, numeric.largest),
      numeric.scale > 0 && `, ${several(numeric.scale, "decimal place")}`),
    text && h("p", { class: "small" }, text.shortest === text.longest ? several(text.longest, "character") : `${count(text.shortest)} to ${several(text.longest, "character")}`,
      text.formats.length > 0 && `, each a ${text.formats.join(" and ")}`),
    lists && h("p", { class: "small" }, several(lists.of_objects + lists.of_scalars + lists.mixed + lists.empty, "list"),
      lists.of_objects > 0 && `, ${count(lists.of_objects)} of objects`, lists.elements && `: ${lists.elements.fields.map((each) => each.path).join(", ")}`),
    field.examples?.length > 0 && h("p", { class: "small quiet examples" }, "such as ", field.examples.slice(0, 4).map((each, at) => [at ? ", " : "", h("code", {}, each)])),
  ];
}
