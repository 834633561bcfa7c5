/** The query language, as people are told it: for the help and for suggestions while they type. */

import { h } from "../dom.js";

/** Every filter: what it takes, in a few words, and what is offered behind its colon. */
export const FILTERS = [
  { key: "tag", takes: "a label; a comma means any", example: "tag:beach,sea", minus: true },
  { key: "kind", takes: "image, video, audio, json or other", values: ["image", "video", "audio", "json", "other"], example: "kind:video", minus: true },
  { key: "type", takes: "media or document", values: ["media", "document", "all"], example: "type:document" },
  { key: "cluster", takes: "the name of a cluster", example: 'cluster:"Summer, 2024"', minus: true },
  { key: "collection", takes: "where documents or drops belong", example: "collection:orders" },
  { key: "after", takes: "a date, which is the first", values: years(), example: "after:2024-06" },
  { key: "before", takes: "a date that is too late", values: years(), example: "before:2024" },
  { key: "on", takes: "a year, a month or a day", values: years(), example: "on:2023-12" },
  { key: "camera", takes: "words of make or model", example: "camera:canon" },
  { key: "lens", takes: "words of the lens", example: "lens:50mm" },
  { key: "size", takes: "how many bytes", values: [">10mb", "<500kb", "1mb..5mb"], example: "size:>10mb" },
  { key: "duration", takes: "how long it plays", values: ["<30s", ">5min", "10s..1min"], example: "duration:<30s" },
  { key: "rating", takes: "stars", values: [">=4", "5", "2..4"], example: "rating:>=4" },
  { key: "orientation", takes: "how it is held", values: ["portrait", "landscape", "square"], example: "orientation:portrait" },
  { key: "has", takes: "caption or place", values: ["caption", "place"], example: "has:place", minus: true },
  { key: "is", takes: "duplicate", values: ["duplicate"], example: "is:duplicate", minus: true },
  { key: "duplicates", takes: "include, exclude or only", values: ["include", "exclude", "only"], example: "duplicates:include" },
  { key: "near", takes: "latitude, longitude, distance", example: "near:52.5,13.4,10km" },
  { key: "in", takes: "west, south, east, north", example: "in:13.0,52.3,13.8,52.7" },
];

/** What the help says. `use` is called with an example that is chosen. */
export function help(use) {
  const example = (text) => h("button", { type: "button", class: "chip mono", on: { click: () => use(text) } }, text);
  return h("div", { class: "stack grammar" },
    h("p", {}, "Write what a picture shows or what a file says. Everything you write has to hold; typing errors are mended."),
    h("div", { class: "row" }, ["red car", '"summer holiday"', "beach -dog", "tag:beach,sea after:2023", "camera:canon rating:>=4"].map(example)),
    h("div", { class: "scroll-x", tabindex: "0", role: "region", "aria-label": "Filters" }, h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Filter"), h("th", { scope: "col" }, "takes"), h("th", { scope: "col" }, "for example"))),
      h("tbody", {}, FILTERS.map((each) => h("tr", {},
        h("th", { scope: "row", class: "mono" }, `${each.key}:`), h("td", {}, each.takes), h("td", {}, example(each.example))))))),
    h("p", { class: "small quiet" }, "A minus before a word, tag:, kind:, cluster:, has: or is: means none of that. A filter that is repeated means all of them. Values with spaces or commas stand in quotes; a quote within them is written ", h("code", {}, '\\"'), ", a backslash ", h("code", {}, "\\\\"), "."));
}

// As the server reads them: quotes of phones, too, and a backslash before what is part of a value.
const QUOTE = '["“”„‟«»＂]';
const QUOTED = `${QUOTE}(?:\\\\.|[^\\\\"“”„‟«»＂])*(?:${QUOTE}|$)`;
const VALUE = `(?:${QUOTED}|[^\\s,"“”„‟«»＂]+)`;
const PIECE = new RegExp(`(-?)(?:([A-Za-z_]{2,}):(?!//)(?=\\S)(${VALUE}(?:,${VALUE})*,?)?|${QUOTED}|[^\\s"“”„‟«»＂]+)`, "gu");
const VALUES = new RegExp(VALUE, "gu");
const WITHIN = new RegExp(`^${QUOTE}((?:\\\\.|[^\\\\"“”„‟«»＂])*\\\\?)${QUOTE}?$`, "u");
const ESCAPED = /\\(["“”„‟«»＂\\])/g;

/**
 * What a query consists of, in its order: `{text, at, minus, key, list}`. A filter has a `key` in
 * small letters and the `list` of its values as they are written; words and phrases have neither.
 */
export function parts(query) {
  return [...query.matchAll(PIECE)].map((found) => ({ text: found[0], at: found.index, minus: found[1] === "-", key: found[2]?.toLowerCase() ?? null, list: found[3] ?? "" }));
}

/** The values of a filter, without their quotes. */
export const values = ({ list }) => (list.match(VALUES) ?? []).map(plain);

/** A value without its quotes. */
export const plain = (written) => written.match(WITHIN)?.[1].replace(ESCAPED, "$1") ?? written;

/** A value as it has to be written to be taken as it is. */
export const quoted = (value) => (/[\s,"“”„‟«»＂]/.test(value) ? `"${value.replace(/["“”„‟«»＂\\]/g, "\\$&")}"` : value);

/** The pieces of a query, so that each can be left out: filters, phrases and words. */
export const pieces = (query) => parts(query).map(({ text }) => text);

export const isFilter = (piece) => parts(piece)[0]?.key != null;

function years() {
  const now = new Date().getFullYear();
  return Array.from({ length: 6 }, (_, back) => String(now - back));
}
