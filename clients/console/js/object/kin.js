/** What an object belongs with: its cluster and why, its duplicates, and what looks like it. */

import { get, post } from "../api.js";
import { decide } from "../clusters/acts.js";
import { fill, h } from "../dom.js";
import { moveAll } from "../library/acts.js";
import { picture } from "../parts/picture.js";
import { state } from "../parts/states.js";
import { complain } from "../parts/toast.js";
import { link } from "../router.js";
import * as session from "../session.js";
import { percent } from "../words.js";

const share = (number) => (number === null || number === undefined ? null : number.toFixed(2));

/** Its cluster, and by which numbers it is there. `again` reads the object anew. */
export function cluster(object, again, signal) {
  const { cluster: mine } = object;
  if (!mine && !object.space) return null;
  const mayMove = session.may("uploader") && object.space;
  const acts = mayMove && h("div", { class: "row" },
    h("button", { type: "button", on: { click: move } }, mine ? "Move…" : "Put into a cluster…"),
    mine && h("button", { type: "button", on: { click: splitOff } }, "Split off"));
  return h("section", { class: "card stack" }, h("h2", {}, "Cluster"), mine ? why() : h("p", { class: "quiet" }, "In none: nothing else looks enough like it."), acts);

  function why() {
    const how = h("p", { class: "quiet" });
    const meter = mine.similarity !== null && mine.threshold !== null && h("div", { class: "likeness", role: "img", "aria-label": `Similarity ${share(mine.similarity)}, needed ${share(mine.threshold)}` },
      h("span", { class: "reached", style: { "inline-size": `${Math.max(0, mine.similarity) * 100}%` } }),
      h("span", { class: "needed", style: { "inset-inline-start": `${mine.threshold * 100}%` } }));
    how.append(mine.pinned ? "A person put it there. " : "", mine.similarity === null ? "" : `It is ${share(mine.similarity)} alike to the middle of the cluster; ${share(mine.threshold)} is needed. `);
    if (mine.runner_up) {
      const second = h("a", { href: link("clusters", mine.runner_up) }, "another cluster");
      how.append("Second came ", second, mine.runner_up_similarity === null ? "." : ` with ${share(mine.runner_up_similarity)}.`);
      get(`/clusters/${mine.runner_up}`).then(({ name }) => { second.textContent = name; }, () => {});
    }
    return [h("p", {}, h("a", { href: link("clusters", mine.id) }, h("strong", {}, mine.name))), meter, how];
  }

  async function move() {
    try {
      if (await moveAll([object.system_id], { signal })) await again();
    } catch (error) {
      complain(error);
    }
  }

  function splitOff() {
    return decide("It has a cluster of its own now.", () => post(`/objects/${object.system_id}/move`, { cluster_id: null }), again, object.system_id);
  }
}

/** Pairs that it is one half of, each with what can be said of it. */
export async function duplicates(object, again, signal) {
  const { items } = await get("/duplicates", { object: object.system_id, limit: 50 }, { signal });
  if (!items.length) return null;
  return h("section", { class: "card stack" }, h("h2", {}, "Duplicates"), h("ul", { class: "pairs" }, items.map(pairShown)));

  function pairShown(pair) {
    const other = pair.objects.find(({ system_id: id }) => id !== object.system_id) ?? pair.objects[0];
    const kept = pair.keeper && (pair.keeper === object.system_id ? "This one is kept." : "The other one is kept.");
    return h("li", {},
      h("a", { href: link("objects", other.system_id), class: "thumb", "aria-label": other.filename ?? "The other" }, picture(other.system_id, { size: 150, address: other.thumbnail })),
      h("div", { class: "stack" },
        h("div", { class: "row" }, h("strong", {}, other.filename ?? "Unnamed"), state(pair.class === "exact" ? "same bytes" : "same picture"), pair.class === "same" && state(pair.state)),
        h("p", { class: "quiet small" }, kept ?? pair.reason ?? ""),
        pair.class === "same" && session.may("admin") && h("div", { class: "row" },
          pair.state === "open" && h("a", { class: "button", href: link("duplicates", pair.id) }, "Compare"),
          pair.state !== "dismissed" && h("button", { type: "button", on: { click: () => dismiss(pair) } }, "Not a duplicate"))));
  }

  function dismiss(pair) {
    return decide("Noted: they are two pictures.", () => post(`/duplicates/${pair.id}`, { verdict: "dismiss" }), again, pair.id);
  }
}

/** What looks most like it. */
export async function similar(object, signal) {
  if (!object.space) return null;
  const { items } = await get(`/objects/${object.system_id}/similar`, { limit: 12, min_similarity: 0.3 }, { signal });
  if (!items.length) return null;
  const list = h("ul", { class: "alike" });
  fill(list, items.map((each) => h("li", {}, h("a", { href: link("objects", each.system_id) },
    picture(each.system_id, { size: 300, address: each.thumbnail, alt: each.filename ?? "Unnamed" }), h("span", { class: "small quiet" }, percent(each.similarity))))));
  return h("section", { class: "card stack" }, h("h2", {}, "Looks like it"), list);
}
