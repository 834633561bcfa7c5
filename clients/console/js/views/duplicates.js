/** Duplicates: pairs that are one picture, or look it, decided by a person. */

import { fill, h } from "../dom.js";
import { decide, copyOf, isCertain, LISTS, load, restore, trash, undo } from "../duplicates/pairs.js";
import { review } from "../duplicates/review.js";
import * as dialog from "../parts/dialog.js";
import { empty, failed, waiting } from "../parts/states.js";
import { complain, toast } from "../parts/toast.js";
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
  const tabs = h("nav", { class: "kinds", "aria-label": "Which pairs" });
  const bulk = h("div", { class: "row" });
  const body = h("div", {});
  fill(place, h("div", { class: "head" }, h("h1", {}, "Duplicates"), bulk), h("div", { class: "row tools" }, tabs), body);
  signal.addEventListener("abort", () => { shown = null; current.abort(); });
  shown = (name) => open(LISTS[name] ? name : "open");
  if (route.id) await find(route.id);
  else await open(LISTS[route.query.get("show")] ? route.query.get("show") : "open");

  /** Show the pair in whichever list it is. */
  async function find(id) {
    for (const name of Object.keys(LISTS)) {
      if ((await load(name, signal)).some((each) => each.id === id)) return open(name, id);
    }
    return open("open");
  }

  async function open(name, first = null) {
    current.abort();
    current = new AbortController();
    const { signal: until } = current;
    fill(tabs, Object.entries(LISTS).map(([key, [label]]) => h("a", { class: "button", href: link("duplicates", null, { show: key === "open" ? null : key }), "aria-current": key === name ? "true" : null }, label)));
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
    const { done, failures } = await each(certain, (pair) => decide(pair, "confirm", pair.suggested_keeper));
    toast(told(`${several(done.length, "pair is", "pairs are")} confirmed`, failures), { action: done.length ? { label: "Undo", run: () => each([...done].reverse(), undo).then(({ failures: left }) => { if (left.length) complain(left[0]); open("open"); }) } : null, bad: failures.length > 0 });
    await open("open");
  }

  async function trashAll(pairs) {
    const text = "The first of each stays. Copies share its bytes, so this tidies the library and frees no room. They can be restored from the trash.";
    if (!(await dialog.confirm(`Move ${several(pairs.length, "copy", "copies")} to the trash?`, text, { answer: "Move to the trash" }))) return;
    const { done, failures } = await each(pairs.map(copyOf), async (half) => { await trash(half.system_id); return half; });
    toast(told(`${several(done.length, "copy is", "copies are")} in the trash`, failures), { action: done.length ? { label: "Undo", run: () => each(done, (half) => restore(half.system_id)).then(({ failures: left }) => { if (left.length) complain(left[0]); open("exact"); }) } : null, bad: failures.length > 0 });
    await open("exact");
  }
}

/** One after the other; what fails does not stop the rest. */
async function each(list, act) {
  const done = [];
  const failures = [];
  for (const one of list) {
    try {
      done.push(await act(one));
    } catch (error) {
      failures.push(error);
    }
  }
  return { done, failures };
}

const told = (text, failures) => (failures.length ? `${text}; ${count(failures.length)} could not be: ${failures[0].message}` : `${text}.`);
