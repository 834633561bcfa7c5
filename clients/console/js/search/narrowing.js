/** The filters of a query text as the parameters that say the same, and the way back. */

import { parts, quoted, values } from "./grammar.js";

/** What the chips show of a text; `also` is any filter that they have no name for, as it is written. */
export const NAMES = ["kind", "tags", "camera", "cluster", "collection", "from", "to", "has_place", "rating", "duplicates", "bbox", "also"];
// Parameters of one value and their filters.
const KEYS = { camera: "camera", lens: "lens", collection: "collection", from: "after", to: "before", size: "size", duration: "duration", rating: "rating", orientation: "orientation", bbox: "in", near: "near" };
const SAME = new Set(["camera", "cluster", "collection", "duplicates", "rating"]);
const PLAIN = new Set(["bbox", "near"]);
const DAY = /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$/;
const two = (number) => String(number ?? 1).padStart(2, "0");

/** The parameters that a filter says, as `[name, value]`; none for a word. */
function said(part) {
  const { key, minus, text } = part;
  const all = key ? values(part) : [];
  if (!all.length) return minus ? [["also", text]] : [];
  if (key === "has" && all[0].toLowerCase() === "place") return [["has_place", String(!minus)]];
  if (minus) return [["also", text]];
  if (key === "kind") return all.map((each) => ["kind", each.toLowerCase()]);
  if (key === "tag" && !all.some((each) => each.includes(","))) return [["tags", all.join(",")]];
  if (key === "is") return [["duplicates", "only"]];
  if (key === "in") return [["bbox", all.join(",")]];
  if (all.length > 1) return [["also", text]];
  if (key === "after" || key === "before") {
    const [, year, month, day] = all[0].match(DAY) ?? [];
    return year ? [[key === "after" ? "from" : "to", `${year}-${two(month)}-${two(day)}`]] : [["also", text]];
  }
  return SAME.has(key) && all[0] !== "exclude" ? [[key, all[0]]] : [["also", text]];
}

/** How a parameter is said in a text. */
function written(name, value) {
  if (name === "also") return value;
  if (name === "tags" || name === "any_tags") return `tag:${value.split(",").map((each) => quoted(each.trim())).join(",")}`;
  if (name === "not_tags") return `-tag:${value.split(",").map((each) => quoted(each.trim())).join(",")}`;
  if (name === "has_place" || name === "has_caption") return `${String(value) === "false" ? "-" : ""}has:${name.slice(4)}`;
  if (name === "duplicates") return value === "only" ? "is:duplicate" : `duplicates:${value}`;
  return `${KEYS[name]}:${PLAIN.has(name) ? value : quoted(value)}`;
}

/** The parameters of a text, for the chips. */
export function parameters(text) {
  return new URLSearchParams(parts(text).flatMap(said));
}

/** The text with these parameters in place of those that it has. What stays is left as it was written. */
export function rewritten(text, next) {
  const left = [...next];
  const take = ([name, value]) => {
    const at = left.findIndex((each) => each[0] === name && each[1] === value);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  };
  const kinds = next.getAll("kind");
  const isSameKind = String(kinds) === String(parameters(text).getAll("kind"));
  const kept = parts(text).filter((part) => {
    const told = said(part);
    if (told[0]?.[0] === "kind") return isSameKind;
    return told.every(take);
  }).map((part) => part.text);
  const added = left.filter(([name]) => name !== "kind").map(([name, value]) => written(name, value));
  // Any of several kinds is one filter: two of them would be of both.
  const kind = isSameKind || !kinds.length ? [] : [`kind:${kinds.join(",")}`];
  return [...kept, ...kind, ...added].join(" ");
}

/** A text that asks what these parameters ask, such as those of a saved search. */
export function asText({ query = "", kind, cluster, any_tags: anyTags, not_tags: notTags, tags, duplicates, ...others }) {
  const list = (value) => (value === undefined || value === null ? [] : [value].flat());
  const said = [
    ...list(tags).map((each) => written("tags", each)),
    list(anyTags).length && written("any_tags", list(anyTags).join(",")),
    ...list(notTags).map((each) => written("not_tags", each)),
    list(kind).length && `kind:${list(kind).join(",")}`,
    list(cluster).length && `cluster:${list(cluster).map(quoted).join(",")}`,
    duplicates && duplicates !== "exclude" && written("duplicates", duplicates),
    ...Object.entries(others).filter(([name]) => name in KEYS || name.startsWith("has_")).flatMap(([name, value]) => list(value).map((each) => written(name, String(each)))),
  ];
  return [query, ...said].filter(Boolean).join(" ");
}
