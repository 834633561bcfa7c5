/** The members of a cluster: chosen by box, or carried. */

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { picture } from "../parts/picture.js";
import { complain } from "../parts/toast.js";
import { link } from "../router.js";

const PAGE = 100;
const MOST_AGAIN = 1000;

/** A grid of members. `chosen` is a set it keeps; `changed` is called when that or the list did. */
export function members(cluster, { chosen, changed, mayMove, signal }) {
  const list = h("ul", { class: "members", "aria-label": "Members" });
  const more = h("button", { type: "button", hidden: true, on: { click: () => load().catch(complain) } }, "Show more");
  const element = h("div", {}, list, h("div", { class: "more" }, more));
  const loaded = [];
  let cursor = null;
  let anchor = null;
  let marks = { leaving: new Set(), linked: new Set() };

  /** The next page, or as many as were there before. */
  async function load(number = 0) {
    const goal = Math.min(number, MOST_AGAIN);
    do {
      const page = await get("/objects", { cluster: cluster.id, limit: Math.max(PAGE, Math.min(200, goal - loaded.length)), cursor }, { signal });
      cursor = page.next_cursor;
      loaded.push(...page.items);
      list.append(...page.items.map(tile));
    } while (cursor && loaded.length < goal);
    more.hidden = cursor === null;
    mark({});
    changed();
  }

  function tile(each) {
    const name = each.filename ?? each.kind;
    const why = each.cluster?.pinned ? "put here by hand" : each.cluster?.similarity ? `joined at ${each.cluster.similarity.toFixed(2)}` : "";
    const element = h("li", { class: `member${mayMove ? " portable" : ""}${chosen.has(each.system_id) ? " is-chosen" : ""}`, dataset: { id: each.system_id } },
      h("a", { href: link("objects", each.system_id), draggable: "false", title: name },
        picture(each.system_id, { address: each.thumbnail, kind: each.kind }), h("span", { class: "caption" }, name)),
      h("span", { class: "small quiet why" }, why),
      h("span", { class: "marks small" }),
      mayMove && h("label", { class: "pick" }, h("span", { class: "unseen" }, `Choose ${name}`),
        h("input", { type: "checkbox", checked: chosen.has(each.system_id), on: { click: (event) => choose(element, event) } })));
    return element;
  }

  /** With Shift all between the last one and this. */
  function choose(element, { target, shiftKey }) {
    const all = [...list.children];
    const [from, to] = [all.indexOf(shiftKey && anchor?.isConnected ? anchor : element), all.indexOf(element)].sort((one, other) => one - other);
    for (const { dataset } of all.slice(from, to + 1)) {
      if (target.checked) chosen.add(dataset.id);
      else chosen.delete(dataset.id);
    }
    anchor = element;
    show();
  }

  /** Choose these too, or all that are shown. */
  function chooseAll(ids = loaded.map((each) => each.system_id)) {
    for (const id of ids) chosen.add(id);
    show();
  }

  function show() {
    for (const one of list.children) {
      one.classList.toggle("is-chosen", chosen.has(one.dataset.id));
      one.querySelector(".pick input").checked = chosen.has(one.dataset.id);
    }
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

  /** What comes along when this one is carried: all that are chosen, if it is one of them. */
  function along(element) {
    return chosen.has(element.dataset.id) ? [...list.children].filter((each) => chosen.has(each.dataset.id)) : [element];
  }

  function clear() {
    chosen.clear();
    show();
  }

  /** What was chosen meanwhile stays so, as far as it is here. */
  function keepChosen() {
    const here = new Set(loaded.map((each) => each.system_id));
    for (const id of [...chosen]) if (!here.has(id)) chosen.delete(id);
    show();
  }

  return { element, load, loaded, mark, clear, keepChosen, chooseAll, along };
}
