/** Which members must, or cannot, be together, as people said. */

import { items, remove } from "../api.js";
import { fill, h } from "../dom.js";
import { picture } from "../parts/picture.js";
import { link as addressOf } from "../router.js";
import * as session from "../session.js";
import { decide } from "./acts.js";

/** Links that touch one of `members`; `mark(ids)` is told who has one. */
export async function linked(place, members, { signal, mark, again }) {
  const among = new Set(members.map((each) => each.system_id));
  const found = [];
  for await (const each of items("/links", { limit: 200 }, { signal })) {
    if (each.system_ids.some((id) => among.has(id))) found.push(each);
  }
  mark(found.flatMap((each) => each.system_ids));
  fill(place, found.length > 0 && h("section", { class: "card stack", "aria-labelledby": "links-title" },
    h("h2", { id: "links-title" }, "Said about pairs"),
    h("ul", { class: "links" }, found.map((each) => row(each, again)))));
}

function row(each, again) {
  const words = each.kind === "must" ? "belong together" : "do not belong together";
  return h("li", {},
    h("span", { class: "covers" }, each.system_ids.map((id, at) => h("a", { href: addressOf("objects", id), "aria-label": `The ${at ? "second" : "first"} of the two` }, picture(id, { shape: "square mini", size: 150 })))),
    h("span", { class: "small" }, words),
    session.may("admin") && h("button", { type: "button", class: "plain small", "aria-label": `Let machines decide again: two that ${words}`, on: { click: () =>
      decide("Machines decide about the two again.", () => remove(`/links/${each.id}`), again, each.id) } }, "Remove"));
}
