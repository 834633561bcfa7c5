/**
 * JSON as a tree that opens where one looks: made when opened, so that large ones cost nothing.
 *
 *     place.append(tree(text))        // a text of JSON; throws SyntaxError if it is none
 *     place.append(treeOf(value))     // a value of parts/exact.js
 *
 * Numbers keep their digits. Views that use it load "jsontree.css".
 */

import { h } from "../dom.js";
import { count, several } from "../words.js";
import { Digits, parse } from "./exact.js";

const AT_ONCE = 100;
const OPEN_TO = 2;

export const tree = (text) => treeOf(parse(text));

export function treeOf(value) {
  return h("div", { class: "json" }, node(null, value, 0));
}

function node(name, value, depth) {
  const label = name === null ? null : [h("span", { class: typeof name === "number" ? "at" : "key" }, String(name)), ": "];
  const entries = value instanceof Map ? [...value] : Array.isArray(value) ? value.map((each, at) => [at, each]) : null;
  if (!entries) return h("div", { class: "leaf" }, label, leaf(value));
  const [open, close, what] = value instanceof Map ? ["{", "}", "field"] : ["[", "]", "item"];
  if (!entries.length) return h("div", { class: "leaf" }, label, open + close);
  const inside = h("div", { class: "inside" });
  const details = h("details", {}, h("summary", {}, label, open, h("span", { class: "quiet" }, ` ${several(entries.length, what)} `), close), inside);
  const fillOnce = () => { if (!inside.hasChildNodes()) more(inside, entries, 0, depth + 1); };
  details.addEventListener("toggle", () => { if (details.open) fillOnce(); });
  if (depth < OPEN_TO && entries.length <= AT_ONCE) {
    details.open = true;
    fillOnce();
  } else if (depth === 0) {
    details.open = true;
    fillOnce();
  }
  return details;
}

function more(inside, entries, from, depth) {
  inside.append(...entries.slice(from, from + AT_ONCE).map(([name, value]) => node(name, value, depth)));
  const left = entries.length - from - AT_ONCE;
  if (left <= 0) return;
  const button = h("button", { type: "button", class: "plain small", on: { click: () => {
    button.remove();
    more(inside, entries, from + AT_ONCE, depth);
  } } }, `${count(Math.min(left, AT_ONCE))} more of ${count(left)}`);
  inside.append(button);
}

function leaf(value) {
  if (value instanceof Digits) return h("span", { class: "digits" }, value.text);
  if (typeof value === "string") return h("span", { class: "text" }, JSON.stringify(value));
  return h("span", { class: "literal" }, String(value));
}
