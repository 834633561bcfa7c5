/** What could be meant, while somebody types: recent and saved searches, filters and their values. */

import { get } from "../api.js";
import * as session from "../session.js";
import { FILTERS } from "./grammar.js";

const MOST = 9;
const KEPT = 12;
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

/**
 * The words of this library: labels, clusters and collections. There is no list of labels, so
 * they are those of the newest objects. Whatever cannot be had is left out.
 */
export async function vocabulary(signal) {
  const list = async (path, query, read) => {
    try {
      return read(await get(path, query, { signal }));
    } catch {
      return [];
    }
  };
  const [tag, cluster, collection] = await Promise.all([
    list("/search", { limit: 200 }, (page) => counted(page.results.flatMap((each) => each.tags.map((one) => one.label)))),
    list("/clusters", { limit: 200 }, (page) => page.items.map((each) => each.name)),
    list("/collections", { limit: 200 }, (page) => page.items.map((each) => each.name)),
  ]);
  return { tag, cluster, collection };
}

/**
 * Suggestions for a text with the caret at its end or somewhere in it. Each is `{text, note,
 * group, whole}`: `text` is the query as it would be; `whole` ones are searches of their own.
 */
export function suggestions(text, caret, words, saved) {
  const before = text.slice(0, caret).match(/\S*$/)[0];
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
      .map((each) => ({ text: put(`${minus}tag:${quoted(each)}`), shown: `${minus}tag:${quoted(each)}`, note: "label", group: "Filters" }))
    : [];
  return [...past, ...kept, ...filters, ...labels].slice(0, MOST + 4);
}

function values(key, typed, minus, words, put) {
  const filter = FILTERS.find((each) => each.key === key);
  if (!filter) return [];
  const [, list, last] = typed.match(/^(.*,)?(.*)$/);
  const wanted = last.replaceAll('"', "").toLowerCase();
  return (words[key] ?? filter.values ?? [])
    .filter((each) => each.toLowerCase().includes(wanted))
    .sort((one, other) => other.toLowerCase().startsWith(wanted) - one.toLowerCase().startsWith(wanted))
    .slice(0, MOST)
    .map((each) => ({ text: put(`${minus}${key}:${list ?? ""}${quoted(each)}`), shown: `${minus}${key}:${quoted(each)}`, note: "", group: filter.takes }));
}

const quoted = (value) => (/[\s,]/.test(value) ? `"${value}"` : value);

function counted(labels) {
  const times = new Map();
  for (const label of labels) times.set(label, (times.get(label) ?? 0) + 1);
  return [...times].sort((one, other) => other[1] - one[1]).map(([label]) => label);
}
