/**
 * The labels that the library has, and fields that offer them.
 *
 *     form.append(...labelField({ name: "tags", required: true }))
 */

import { get } from "../api.js";
import { h } from "../dom.js";
import * as session from "../session.js";

// The vocabulary of the machines fits, with room for what hands add.
const MOST = 1000;
const OFFERED = 40;
const FRESH_MS = 60_000;
let kept = null;
let made = 0;

/** `[{label, count}]`, the most used first; nothing when they cannot be had. */
export function labels() {
  const holder = session.key();
  if (kept?.holder !== holder || Date.now() - kept.at > FRESH_MS) {
    const mine = { holder, at: Date.now() };
    mine.list = get("/tags", { limit: MOST }).then((answer) => answer.items, () => {
      if (kept === mine) kept = null;
      return [];
    });
    kept = mine;
  }
  return kept.list;
}

/** A field for labels parted by commas, and the list that it offers them from. */
export function labelField(properties) {
  const list = h("datalist", { id: `labels-${++made}` });
  const field = h("input", { autocomplete: "off", list: list.id, ...properties });
  // What is offered replaces all that stands there, so it begins with what is to stay.
  const offer = async () => {
    const before = field.value.match(/^(.*,\s*)?/)[0];
    const wanted = field.value.slice(before.length).trim().toLowerCase();
    const known = (await labels()).filter(({ label }) => label.toLowerCase().includes(wanted) && label.toLowerCase() !== wanted);
    list.replaceChildren(...known.slice(0, OFFERED).map(({ label }) => h("option", { value: before + label })));
  };
  field.addEventListener("focus", offer);
  field.addEventListener("input", offer);
  return [field, list];
}
