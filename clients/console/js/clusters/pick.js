/** Choosing a directory among many. */

import { h } from "../dom.js";
import { askFor } from "../parts/dialog.js";
import { several } from "../words.js";

/** Ask for one of `clusters`; with `own`, also for a new one. Answers an id, "own", or `null`. */
export async function pick(title, clusters, { own = false, answer = "Move" } = {}) {
  const rows = clusters.map((each) => h("label", { class: "directory-choice" },
    h("input", { type: "radio", name: "cluster", value: each.id, required: true }), h("span", {}, each.name), h("span", { class: "small quiet" }, several(each.size, "object"))));
  const list = h("div", { class: "directory-choices", role: "radiogroup", "aria-label": "Directories" },
    own && h("label", { class: "directory-choice" }, h("input", { type: "radio", name: "cluster", value: "own", required: true }), h("span", {}, "A directory of its own")), rows);
  const filter = h("input", { type: "search", placeholder: "Filter", on: { input: () => narrow() } });
  const narrow = () => rows.forEach((row, at) => { row.hidden = !clusters[at].name.toLowerCase().includes(filter.value.trim().toLowerCase()); });
  const said = await askFor(title, [h("label", {}, "Find a directory", filter), list], { answer });
  return said?.cluster ?? null;
}
