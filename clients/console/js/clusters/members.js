/** The members of a directory: chosen by box, carried by dragging. */

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { picture } from "../parts/picture.js";
import { complain } from "../parts/toast.js";
import { link } from "../router.js";
import { count } from "../words.js";

const PAGE = 100;

/** A grid of members. `chosen` is a set it keeps; `changed` is called when that or the list did. */
export function members(cluster, { chosen, changed, mayMove, signal }) {
  const list = h("ul", { class: "members", "aria-label": "Members" });
  const more = h("button", { type: "button", hidden: true, on: { click: () => load().catch(complain) } }, "Show more");
  const element = h("div", {}, list, h("div", { class: "more" }, more));
  const loaded = [];
  let cursor = null;
  let marks = { leaving: new Set(), linked: new Set() };

  async function load() {
    const page = await get("/objects", { cluster: cluster.id, limit: PAGE, cursor }, { signal });
    cursor = page.next_cursor;
    more.hidden = cursor === null;
    loaded.push(...page.items);
    list.append(...page.items.map(tile));
    mark({});
    changed();
  }

  function tile(each) {
    const name = each.filename ?? each.kind;
    const why = each.cluster?.pinned ? "put here by hand" : each.cluster?.similarity ? `joined at ${each.cluster.similarity.toFixed(2)}` : "";
    const element = h("li", { class: `member${chosen.has(each.system_id) ? " is-chosen" : ""}`, dataset: { id: each.system_id }, draggable: mayMove ? "true" : null },
      h("a", { href: link("objects", each.system_id), draggable: "false", title: name },
        picture(each.system_id, { address: each.thumbnail, kind: each.kind }), h("span", { class: "caption" }, name)),
      h("span", { class: "small quiet why" }, why),
      h("span", { class: "marks small" }),
      mayMove && h("label", { class: "pick" }, h("span", { class: "unseen" }, `Choose ${name}`),
        h("input", { type: "checkbox", checked: chosen.has(each.system_id), on: { change: (event) => choose(each.system_id, event.target.checked, element) } })));
    element.addEventListener("dragstart", (event) => {
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", name);
      const along = chosen.has(each.system_id) ? chosen : new Set([each.system_id]);
      for (const one of list.children) one.classList.toggle("dragging", along.has(one.dataset.id));
    });
    element.addEventListener("dragend", () => [...list.children].forEach((one) => one.classList.remove("dragging")));
    return element;
  }

  function choose(id, is, tileOf) {
    if (is) chosen.add(id);
    else chosen.delete(id);
    tileOf.classList.toggle("is-chosen", is);
    changed();
  }

  /** Show who would leave, and who is linked. */
  function mark(change) {
    marks = { ...marks, ...change };
    for (const one of list.children) {
      const { id } = one.dataset;
      one.classList.toggle("leaving", marks.leaving.has(id));
      fill(one.querySelector(".marks"), marks.leaving.has(id) && h("span", { class: "chip warn" }, "would leave"), marks.linked.has(id) && h("span", { class: "chip" }, "linked"));
    }
  }

  function clear() {
    chosen.clear();
    for (const one of list.querySelectorAll("input:checked")) one.checked = false;
    for (const one of list.children) one.classList.remove("is-chosen");
    changed();
  }

  return { element, load, loaded, mark, clear, carried: () => [...list.querySelectorAll(".dragging")].map((each) => each.dataset.id), told: () => `${count(loaded.length)} of ${count(cluster.size)}` };
}
