/** What the system would ask a person: clusters that may be one, or one that may be two. */

import { get } from "../api.js";
import { h } from "../dom.js";
import { picture } from "../parts/picture.js";
import { link as addressOf } from "../router.js";
import { several } from "../words.js";
import { confirm, decide, link, merge, splitInto } from "./acts.js";

const SHOWN = 4;

/** A section of the suggestions that are still open, or `null` when there are none. */
export async function suggested(clusters, { signal, again }) {
  const { items: found } = await get("/clusters/suggestions", { limit: 50 }, { signal });
  const byId = new Map(clusters.map((each) => [each.id, each]));
  const open = found.filter((each) => each.cluster_ids.every((id) => byId.has(id)));
  if (!open.length) return null;
  const list = h("ul", { class: "suggested" }, open.slice(0, SHOWN).map((each) => row(each, byId, again)));
  const rest = open.length - SHOWN;
  return h("section", { class: "card stack", "aria-labelledby": "suggested-title" },
    h("h2", { id: "suggested-title" }, several(open.length, "suggestion")), list,
    rest > 0 && h("button", { type: "button", class: "plain small", on: { click: (event) => {
      list.append(...open.slice(SHOWN).map((each) => row(each, byId, again)));
      event.target.remove();
    } } }, `${several(rest, "more suggestion")}`));
}

function row(each, byId, again) {
  const named = each.cluster_ids.map((id) => byId.get(id));
  const covers = named.map((one) => h("a", { href: addressOf("clusters", one.id), "aria-label": one.name }, picture(one.cover, { address: one.thumbnail, shape: "square mini", size: 150 })));
  const alike = `${each.similarity.toFixed(2)} alike; together from ${each.threshold.toFixed(2)} on`;
  const act = (label, aria, does, primary = false) => h("button", { type: "button", class: primary ? "main" : null, "aria-label": aria, on: { click: does } }, label);
  if (each.kind === "split") {
    const [one] = named;
    return h("li", {}, h("span", { class: "covers" }, covers),
      h("span", { class: "told" }, h("span", {}, h("strong", {}, one.name), " may be two"), h("span", { class: "small quiet" }, `its halves are ${alike}`)),
      h("span", { class: "row" },
        act("Split", `Split ${one.name}`, () => decide(`“${one.name}” was split in two.`, () => splitInto(one.id, 2), again, one.id), true),
        act("Leave it", `Leave it: ${one.name}`, () => decide(`“${one.name}” stays as it is.`, () => confirm(one.id), again, one.id))));
  }
  const [one, other] = [...named].sort((a, b) => b.size - a.size);
  return h("li", {}, h("span", { class: "covers" }, covers),
    h("span", { class: "told" }, h("span", {}, h("strong", {}, one.name), " and ", h("strong", {}, other.name), " may be one"), h("span", { class: "small quiet" }, alike)),
    h("span", { class: "row" },
      act("Merge", `Merge ${one.name} and ${other.name}`, () => decide(`“${other.name}” is part of “${one.name}” now.`, () => merge(one.id, [other.id]), again, [one.id, other.id]), true),
      act("Keep apart", `Keep apart ${one.name} and ${other.name}`, () => decide(`“${one.name}” and “${other.name}” stay apart.`, () => link("cannot", [one.cover, other.cover]), again, [one.id, other.id]))));
}
