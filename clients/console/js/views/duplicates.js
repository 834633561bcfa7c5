/** Duplicates: pairs that are one picture, or look it, decided by a person. */

import { fill, h } from "../dom.js";
import { decide, copyOf, isCertain, LISTS, load } from "../duplicates/pairs.js";
import { review } from "../duplicates/review.js";
import { fromTrash, trash } from "../library/acts.js";
import { reasons, toEach } from "../parts/bulk.js";
import * as dialog from "../parts/dialog.js";
import { redraw } from "../parts/redraw.js";
import { empty, failed, missing, waiting } from "../parts/states.js";
import { toast } from "../parts/toast.js";
import { decided, undoable } from "../parts/undo.js";
import { link } from "../router.js";
import * as session from "../session.js";
import { count, several } from "../words.js";

export const title = "Duplicates";
export const styles = ["duplicates.css", "picture.css"];

let shown = null;

export function update(route) {
  shown?.(route.query.get("show"));
  return shown !== null;
}

export async function show(place, route, signal) {
  let current = new AbortController();
  let listed = "open";
  const tabs = h("nav", { class: "kinds", "aria-label": "Which pairs" });
  const bulk = h("div", { class: "row" });
  const body = h("div", {});
  fill(place, h("div", { class: "head" }, h("h1", {}, "Duplicates"), bulk), h("div", { class: "row tools" }, tabs), body);
  signal.addEventListener("abort", () => { shown = null; current.abort(); });
  shown = (name) => open(LISTS[name] ? name : "open");
  addEventListener("mammothbox:undone", () => open(listed), { signal });
  if (route.id) await find(route.id);
  else await open(LISTS[route.query.get("show")] ? route.query.get("show") : "open");

  /** Show the pair in whichever list it is. */
  async function find(id) {
    for (const name of Object.keys(LISTS)) {
      if ((await load(name, signal)).some((each) => each.id === id)) return open(name, id);
    }
    drawTabs(null);
    fill(body, missing("There is no such pair in these lists: one of the two may be gone by now, or the address is mistyped."));
  }

  function drawTabs(name) {
    redraw(tabs, Object.entries(LISTS).map(([key, [label]]) => h("a", { class: "button", dataset: { key }, href: link("duplicates", null, { show: key === "open" ? null : key }), "aria-current": key === name ? "true" : null }, label)));
  }

  async function open(name, first = null) {
    current.abort();
    current = new AbortController();
    listed = name;
    const { signal: until } = current;
    drawTabs(name);
    fill(bulk);
    const late = setTimeout(() => fill(body, waiting()), 250);
    try {
      const pairs = await load(name, until);
      if (until.aborted) return;
      clearTimeout(late);
      paint(name, pairs, until, first);
    } catch (error) {
      if (error.name !== "AbortError") fill(body, failed(error, () => open(name)));
    } finally {
      clearTimeout(late);
    }
  }

  function paint(name, pairs, until, first) {
    const offer = () => fill(bulk, session.may("admin") && offered(name, pairs));
    offer();
    if (!pairs.length) {
      const [, , heading, text] = LISTS[name];
      fill(body, empty(heading, h("p", {}, text)));
      return;
    }
    fill(body, review(pairs, { signal: until, changed: offer, first }).element);
  }

  /** What can be done to many at once. */
  function offered(name, pairs) {
    const certain = pairs.filter(isCertain);
    if (name === "open" && certain.length > 1) {
      return h("button", { type: "button", on: { click: () => confirmAll(certain) } }, `Confirm ${count(certain.length)} sure ones…`);
    }
    if (name === "exact" && pairs.length > 1) {
      return h("button", { type: "button", on: { click: () => trashAll(pairs) } }, `Trash ${count(pairs.length)} copies…`);
    }
    return null;
  }

  async function confirmAll(certain) {
    const text = `At most two of 64 bits of their hashes differ, and their colours agree. Of each pair the suggested one is kept in place of both; nothing is deleted, and it can be undone.`;
    if (!(await dialog.confirm(`Confirm ${several(certain.length, "pair")}?`, text, { answer: "Confirm" }))) return;
    const done = await toAll(certain, (pair) => decide(pair, "confirm", pair.suggested_keeper), `Confirming ${several(certain.length, "pair")}…`);
    if (done.length) undoable(`${several(done.length, "pair is", "pairs are")} confirmed.`, decided(done.map(({ answer }) => answer)));
  }

  async function trashAll(pairs) {
    const text = "The first of each stays. Copies share its bytes, so this tidies the library and frees no room. They can be restored from the trash.";
    if (!(await dialog.confirm(`Move ${several(pairs.length, "copy", "copies")} to the trash?`, text, { answer: "Move to the trash" }))) return;
    const copies = pairs.map((pair) => copyOf(pair).system_id);
    const done = await toAll(copies, trash, `Moving ${several(copies.length, "copy", "copies")} to the trash…`);
    if (done.length) undoable(`${several(done.length, "copy is", "copies are")} in the trash.`, done.map(({ of }) => fromTrash(of)), { atOnce: 4 });
  }

  /** One after the other, for one may stand on another; tells how far that is and what failed, and answers what was done. */
  async function toAll(things, act, text) {
    fill(bulk);
    const told = toast("");
    const { done, failed } = await toEach(things, act, { progress: told.busy(text), atOnce: 1 });
    told.close();
    if (failed.length) toast(`${count(failed.length)} of ${count(things.length)} could not be: ${reasons(failed)}`, { bad: true });
    if (!signal.aborted) await open(listed);
    return done;
  }
}
