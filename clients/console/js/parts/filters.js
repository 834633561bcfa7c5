/**
 * Filters as chips that live in the address.
 *
 *     const bar = filters({ names: ["kind", "tags", …], change, signal });
 *     bar.show(query)               // a URLSearchParams, as the router gives it
 *
 * `change(query)` is told the new query when a person narrows or widens. Names and values are those
 * of `GET /search`, beside `state`, which is a status or `trash`, and `also`, which is shown as it is
 * written. `off(name)` may answer that a filter says nothing of what is shown just now. `meant`
 * tells what stands for a cluster, which is its id. Views that use it load "filters.css".
 */

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { day } from "../words.js";
import { askFor } from "./dialog.js";
import { labelField } from "./labels.js";

const KINDS = { image: "Photos", video: "Videos", audio: "Sounds", json: "JSON", other: "Others" };
const STATES = { awaiting_upload: "Awaiting upload", queued: "Queued", processing: "Being looked at", ready: "Ready", duplicate: "Exact duplicates", failed: "Failed", trash: "In the trash" };
const CHOICES = {
  has_place: { true: "With a place", false: "Without a place" },
  duplicates: { include: "Duplicates too", only: "Only duplicates" },
  rating: { ">=1": "★ and more", ">=2": "★★ and more", ">=3": "★★★ and more", ">=4": "★★★★ and more", 5: "★★★★★" },
  state: STATES,
};
const LABELS = { tags: "Tags, parted by commas", camera: "Camera", cluster: "Cluster", collection: "Collection", from: "From", to: "To, with that day", has_place: "Place", rating: "Rating", duplicates: "Duplicates", state: "State" };
const MS_A_DAY = 86_400_000;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Of several labels parted by commas any will do: the form has no field for that, and leaves it. */
const isAny = (label) => label.includes(",");

export function filters({ names, change, off = () => false, meant = ({ id }) => id, signal }) {
  const kinds = names.includes("kind") ? h("div", { class: "row", role: "group", "aria-label": "Kinds" }) : null;
  const active = h("div", { class: "row" });
  const more = h("button", { type: "button", class: "chip more", on: { click: openForm } }, "+ Filter");
  const element = h("div", { class: "filters row", role: "group", "aria-label": "Filters" }, kinds, more, active);
  const clusters = new Map();
  let query = new URLSearchParams();

  function show(now) {
    query = new URLSearchParams(now);
    if (kinds) fill(kinds, Object.entries(KINDS).map(([kind, word]) => toggle(kind, word)));
    const chips = names.filter((name) => name !== "kind").flatMap((name) => query.getAll(name).map((value) => chip(name, value)));
    fill(active, chips, chips.length > 1 && h("button", { type: "button", class: "plain small", on: { click: clearAll } }, "Clear all"));
  }

  function toggle(kind, word) {
    const isOn = query.getAll("kind").includes(kind);
    return h("button", { type: "button", class: "chip", "aria-pressed": String(isOn), on: { click: () => {
      const next = new URLSearchParams(query);
      const kept = query.has("state") ? [] : query.getAll("kind").filter((each) => each !== kind);
      next.delete("kind");
      for (const each of isOn ? kept : [...kept, kind]) next.append("kind", each);
      change(next);
      kinds.querySelectorAll("button")[Object.keys(KINDS).indexOf(kind)]?.focus();
    } } }, word);
  }

  function chip(name, value) {
    const text = h("span", {}, worded(name, value));
    if (name === "cluster" && ID.test(value)) nameCluster(value, text);
    return h("button", {
      type: "button", class: off(name) ? "chip active off" : "chip active",
      title: off(name) ? "This list cannot be narrowed by it" : "Remove this filter",
      on: { click: () => { const next = new URLSearchParams(query); drop(next, name, value); change(next); more.focus(); } },
    }, text, h("span", { "aria-hidden": "true" }, "✕"), h("span", { class: "unseen" }, "remove"));
  }

  async function nameCluster(id, text) {
    try {
      if (!clusters.has(id)) clusters.set(id, (await get(`/clusters/${encodeURIComponent(id)}`, {}, { signal })).name);
      text.textContent = `Cluster: ${clusters.get(id)}`;
    } catch { /* The id says it too. */ }
  }

  function clearAll() {
    const next = new URLSearchParams(query);
    for (const name of names) next.delete(name);
    change(next);
    more.focus();
  }

  async function openForm() {
    const wanted = names.filter((name) => name in LABELS);
    const [known, collections] = await Promise.all([
      wanted.includes("cluster") ? page("/clusters") : [], wanted.includes("collection") ? page("/collections") : [],
    ]);
    for (const each of known) clusters.set(meant(each), each.name);
    const values = { cluster: Object.fromEntries(clusters), collection: Object.fromEntries(collections.map(({ name }) => [name, name])) };
    if (signal.aborted) return;
    const said = await askFor("Narrow what is shown", h("div", { class: "filter-form" }, wanted.map((name) => field(name, query, values))), { answer: "Show" });
    if (said) change(taken(said, wanted));
  }

  const page = (path) => get(path, { limit: 200 }, { signal }).then((answer) => answer.items, () => []);

  function taken(said, wanted) {
    const next = new URLSearchParams(query);
    for (const name of wanted) {
      next.delete(name);
      const text = String(said[name] ?? "").trim();
      const parts = name === "tags" ? [...query.getAll(name).filter(isAny), ...text.split(",").map((each) => each.trim())] : [text];
      for (const each of parts) if (each) next.append(name, name === "to" ? shifted(each, 1) : each);
    }
    return next;
  }

  return { element, show };
}

function field(name, query, values) {
  const now = query.get(name) ?? "";
  const choices = CHOICES[name] ?? values[name];
  if (choices) {
    // What is in force can be kept, whether or not it is among what is offered.
    const offered = !now || now in choices ? choices : { [now]: worded(name, now), ...choices };
    return h("label", {}, LABELS[name], h("select", { name }, h("option", { value: "" }, "Any"),
      Object.entries(offered).map(([value, word]) => h("option", { value, selected: value === now }, word))));
  }
  if (name === "from" || name === "to") {
    return h("label", {}, LABELS[name], h("input", { name, type: "date", value: now && shifted(now, name === "to" ? -1 : 0) }));
  }
  if (name === "tags") return h("label", {}, LABELS[name], labelField({ name, value: query.getAll(name).filter((each) => !isAny(each)).join(", ") }));
  return h("label", {}, LABELS[name], h("input", { name, value: now, autocomplete: "off" }));
}

function worded(name, value) {
  if (CHOICES[name]) return CHOICES[name][value] ?? `${LABELS[name]}: ${value}`;
  if (name === "from") return `From ${day(value)}`;
  if (name === "to") return `To ${day(shifted(value, -1))}`;
  if (name === "bbox") return "Part of the map";
  return { tags: `# ${value.split(",").join(" or ")}`, camera: `Camera: ${value}`, collection: `Collection: ${value}`, cluster: `Cluster: ${ID.test(value) ? value.slice(0, 8) : value}`, also: value }[name] ?? `${name}: ${value}`;
}

/** A day so many days later, as the API writes it. What is no date stays: the server says what is wrong with it. */
function shifted(text, days) {
  const at = Date.parse(`${text.slice(0, 10)}T00:00:00Z`) + days * MS_A_DAY;
  return Number.isNaN(at) ? text : new Date(at).toISOString().slice(0, 10);
}

function drop(query, name, value) {
  const kept = query.getAll(name).filter((each) => each !== value);
  query.delete(name);
  for (const each of kept) query.append(name, each);
}
