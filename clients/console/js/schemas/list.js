/** Every proposal and what became of it, newest first. */

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { every } from "../live.js";
import { empty, state } from "../parts/states.js";
import { cards } from "../parts/table.js";
import { complain } from "../parts/toast.js";
import { link } from "../router.js";
import { ago, moment } from "../words.js";
import { STORAGE } from "./wording.js";

const CHOICES = [["", "All"], ["provisional", "Waiting for a word"], ["active", "In force"], ["failed", "Failed"]];

export async function showList(place, route, signal) {
  const asked = { status: route.query.get("status") ?? "", collection: route.query.get("collection") ?? "" };
  const list = h("div", { class: "stack" });
  fill(place,
    h("div", { class: "head" }, h("h1", {}, asked.collection ? `Schemas of ${asked.collection}` : "Schemas"),
      asked.collection && h("a", { href: link("schemas") }, "All collections")),
    h("nav", { class: "tabs", "aria-label": "Which schemas" }, CHOICES.map(([status, label]) =>
      h("a", { href: link("schemas", null, { ...asked, status }), "aria-current": status === asked.status ? "page" : null }, label))),
    list);
  const more = [];
  let cursor;
  let last = "";
  await first();
  void every(4000, first, signal);

  /** The newest page is looked at again and again; what was asked for beyond it stays. */
  async function first() {
    const page = await get("/schemas", { ...asked, limit: 50 }, { signal });
    if (JSON.stringify(page) === last) return;
    last = JSON.stringify(page);
    if (!more.length) cursor = page.next_cursor;
    draw(page.items);
  }

  function draw(newest) {
    const known = new Set(newest.map((each) => each.id));
    const shown = [...newest, ...more.filter((each) => !known.has(each.id))];
    if (!shown.length) {
      fill(list, asked.status ? empty("None of these", h("p", {}, "There is no schema in this state.")) : empty("No proposals yet",
        h("p", {}, "Send some JSON: once there is enough of it, a proposal of how to keep it stands here."), h("a", { class: "button", href: link("upload") }, "Upload")));
      return;
    }
    fill(list, cards("Schemas", [
      { label: "Collection", heads: true, cell: (one) => h("a", { href: link("schemas", one.id) }, one.collection) },
      { label: "Version", number: true, cell: (one) => one.version },
      { label: "State", cell: (one) => [state(one.status), one.reason && h("p", { class: "small quiet reason" }, one.reason)] },
      { label: "Proposes", cell: (one) => STORAGE[one.storage_choice] },
      { label: "Score", number: true, cell: (one) => one.score.toFixed(2) },
      { label: "Changed", cell: (one) => h("time", { datetime: one.updated_at, title: moment(one.updated_at) }, ago(one.updated_at)) },
    ], shown), cursor && h("div", {}, h("button", { type: "button", on: { click: (event) => further(event, newest) } }, "Show more")));
  }

  async function further(event, newest) {
    event.target.disabled = true;
    try {
      const page = await get("/schemas", { ...asked, limit: 50, cursor }, { signal });
      more.push(...page.items);
      cursor = page.next_cursor;
      draw(newest);
    } catch (error) {
      event.target.disabled = false;
      complain(error);
    }
  }
}
