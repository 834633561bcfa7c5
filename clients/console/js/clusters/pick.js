/** Choosing a cluster among many. */

import { h } from "../dom.js";
import { askFor } from "../parts/dialog.js";
import { picture } from "../parts/picture.js";
import { several } from "../words.js";

const NEW = "new";

/** A row of a list to choose one cluster from. */
export const choice = (each, name, properties = {}) => h("label", { class: "choice" }, h("input", { type: "radio", name, value: each.id, ...properties }),
  picture(each.cover, { address: each.thumbnail, shape: "square mini", size: 150 }), h("span", {}, each.name), h("span", { class: "small quiet" }, several(each.size, "object")));

/**
 * Ask for one of `clusters`; with `own`, also for a new one, whose id is `null`. Answers
 * `{id, name}`, or `null` when thought better of. Views that use it load "picture.css".
 */
export async function pick(title, clusters, { own = false, answer = "Move" } = {}) {
  const rows = clusters.map((each) => choice(each, "cluster", { required: true }));
  const none = h("p", { class: "quiet small", hidden: true }, "No cluster is called that.");
  const list = h("div", { class: "choices", role: "radiogroup", "aria-label": "Clusters" },
    own && h("label", { class: "choice" }, h("input", { type: "radio", name: "cluster", value: NEW, required: true, checked: true }), h("span", {}, "A new cluster")), rows, none);
  const filter = h("input", { type: "search", placeholder: "Filter", autocomplete: "off", on: { input: narrow } });

  function narrow() {
    const wanted = filter.value.trim().toLowerCase();
    rows.forEach((row, at) => { row.hidden = !clusters[at].name.toLowerCase().includes(wanted); });
    const found = rows.filter((row) => !row.hidden);
    none.hidden = found.length > 0;
    // Who types a name until one is left means that one; what is not seen is not meant.
    const chosen = list.querySelector("input:checked");
    if (wanted && found.length === 1) found[0].querySelector("input").checked = true;
    else if (chosen?.closest("label").hidden) chosen.checked = false;
  }

  const said = await askFor(title, [rows.length > 3 && h("label", {}, "Find a cluster", filter), list], { answer });
  if (!said?.cluster) return null;
  return said.cluster === NEW ? { id: null, name: "a new cluster" } : clusters.find(({ id }) => id === said.cluster);
}
