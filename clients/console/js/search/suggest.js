/** What could be meant, while somebody types: recent and saved searches, filters and their values. */

import { get } from "../api.js";
import * as session from "../session.js";
import { labels } from "../parts/labels.js";
import { count } from "../words.js";
import { FILTERS, parts, plain, quoted } from "./grammar.js";

const MOST = 9;
const KEPT = 12;
const MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
const recentKey = () => `mammothbox.recent.${session.holder()?.owner}`;

export function recent() {
  try {
    return JSON.parse(localStorage.getItem(recentKey()) ?? "[]");
  } catch {
    return [];
  }
}

/** Remember a search that was made, the newest first. */
export function remember(query) {
  if (!query) return;
  localStorage.setItem(recentKey(), JSON.stringify([query, ...recent().filter((each) => each !== query)].slice(0, KEPT)));
}

export const forgetRecent = () => localStorage.removeItem(recentKey());

/** The words of this library: labels, clusters and collections. Whatever cannot be had is left out. */
export async function vocabulary(signal) {
  const list = async (path) => {
    try {
      return (await get(path, { limit: 200 }, { signal })).items.map((each) => each.name);
    } catch {
      return [];
    }
  };
  const [tag, cluster, collection] = await Promise.all([
    labels(), list("/clusters"), list("/collections"),
  ]);
  return { tag: tag.map(({ label }) => label), cluster, collection, times: new Map(tag.map((each) => [each.label, each.count])) };
}

/**
 * Suggestions for a text with the caret at its end or somewhere in it. Each is `{text, note,
 * group, whole}`: `text` is the query as it would be; `whole` ones are searches of their own.
 */
export function suggestions(text, caret, words, saved) {
  const last = parts(text.slice(0, caret)).at(-1);
  const before = last && last.at + last.text.length === caret ? last.text : "";
  const begin = caret - before.length;
  const rest = text.slice(caret).replace(/^\S*/, "");
  const put = (piece, open = false) => `${text.slice(0, begin)}${piece}${open ? "" : " "}${rest.trimStart()}`;
  const [, minus, typed] = before.match(/^(-?)(.*)$/);
  const at = typed.indexOf(":");
  if (at > 0) return values(typed.slice(0, at).toLowerCase(), typed.slice(at + 1), minus, words, put);
  const all = text.trim().toLowerCase();
  const whole = (each) => ({ text: each, note: "", group: "Recent", whole: true });
  const past = recent().filter((each) => each.toLowerCase().includes(all) && each !== text.trim()).slice(0, all ? 3 : 6).map(whole);
  const kept = saved
    .filter((each) => each.name.toLowerCase().includes(all))
    .slice(0, all ? 3 : 5)
    .map((each) => ({ text: each.name, note: each.asked.query ?? "", group: "Saved", whole: true, saved: each.id }));
  const key = typed.toLowerCase();
  const filters = FILTERS.filter((each) => (!minus || each.minus) && (key ? each.key.startsWith(key) : !all))
    .slice(0, key ? 4 : 6)
    .map((each) => ({ text: put(`${minus}${each.key}:`, true), shown: `${minus}${each.key}:`, note: each.takes, group: "Filters", open: true }));
  const labels = key.length > 1
    ? words.tag.filter((each) => each.toLowerCase().includes(key)).slice(0, 4)
      .map((each) => ({ text: put(`${minus}tag:${quoted(each)}`), shown: `${minus}tag:${quoted(each)}`, note: used(words, each), group: "Filters" }))
    : [];
  return [...past, ...kept, ...date(text, last, put), ...filters, ...labels].slice(0, MOST + 4);
}

/** A year, or a month and a year, as the filter that means it. */
function date(text, last, put) {
  if (!/^(?:18|19|20)\d\d$/.test(last?.text ?? "") || !text.slice(last.at + 4).match(/^\s*$/)) return [];
  const before = parts(text.slice(0, last.at)).at(-1);
  const month = before && !before.key && before.text.length > 2 ? MONTHS.findIndex((each) => each.startsWith(before.text.toLowerCase())) : -1;
  const filter = `on:${last.text}${month < 0 ? "" : `-${String(month + 1).padStart(2, "0")}`}`;
  return [{ text: month < 0 ? put(filter) : `${text.slice(0, before.at)}${filter} `, shown: filter, note: "taken then", group: "Filters" }];
}

function values(key, typed, minus, words, put) {
  const filter = FILTERS.find((each) => each.key === key);
  if (!filter) return [];
  const begins = lastValue(typed);
  const list = typed.slice(0, begins);
  const wanted = plain(typed.slice(begins)).toLowerCase();
  return (words[key] ?? filter.values ?? [])
    .filter((each) => each.toLowerCase().includes(wanted))
    .sort((one, other) => other.toLowerCase().startsWith(wanted) - one.toLowerCase().startsWith(wanted))
    .slice(0, MOST)
    .map((each) => ({ text: put(`${minus}${key}:${list}${quoted(each)}`), shown: `${minus}${key}:${quoted(each)}`, note: key === "tag" ? used(words, each) : "", group: filter.takes }));
}

/** How often a label was said. */
const used = (words, label) => (words.times?.has(label) ? `${count(words.times.get(label))} ×` : "label");

/** Where the last of several values begins: behind a comma that is in no quotes. */
function lastValue(typed) {
  let begins = 0;
  let isQuoted = false;
  for (let at = 0; at < typed.length; at += 1) {
    if (isQuoted && typed[at] === "\\") at += 1;
    else if (/["“”„‟«»＂]/.test(typed[at])) isQuoted = !isQuoted;
    else if (typed[at] === "," && !isQuoted) begins = at + 1;
  }
  return begins;
}
