/** Documents as rows: filters, sorting, chosen columns, and pages both ways. */

import { fill, h } from "../dom.js";
import { failed, waiting } from "../parts/states.js";
import { Digits, written } from "../parts/exact.js";
import { redraw } from "../parts/redraw.js";
import { table } from "../parts/table.js";
import { go, link } from "../router.js";
import { count, size } from "../words.js";
import { documents, handle, valueAt } from "./asking.js";
import { columnChooser, chosenColumns } from "./columns.js";
import { filterBar } from "./filters.js";

const LONGEST = 80;
// A moment or a word with hyphens is not broken in two.
const SHORT = 32;

/**
 * `current()` is the collection as it was last seen, and `open(documentId)` shows one of its
 * documents. Answers what shows the rows for another query.
 */
export function documentRows(place, current, open, signal) {
  const collection = current();
  // Pages that were looked at stay, so that the way back is there at once; one further may be begun.
  let pages = [];
  let at = 0;
  let ahead = null;
  let asked = null;
  let shown = null;
  let turn = 0;
  let widths = new Map();
  const bar = h("div", {});
  const foot = h("div", { class: "row foot" });
  const rows = h("div", {});
  fill(place, bar, rows, foot);

  return function show(query) {
    asked = readQuery(query);
    pages = [];
    fill(bar, filterBar(current(), asked.filters, (filters) => change({ filters })));
    return load(0);
  };

  function change(changed) {
    const { filters, sort } = { ...asked, ...changed };
    go(link("collections", handle(collection), { sort }) + filterText(filters, sort));
  }

  async function load(page) {
    turn += 1;
    const mine = turn;
    if (!shown) fill(rows, waiting("Loading documents"));
    rows.setAttribute("aria-busy", "true");
    try {
      const found = pages[page] ?? await (ahead?.page === page && ahead.turn === mine - 1 ? ahead.found : fetched(page));
      if (mine !== turn) return;
      pages[page] = found;
      [shown, at] = [found, page];
      draw();
      rows.querySelector(".table")?.scrollTo({ top: 0 });
    } catch (error) {
      if (error.name === "AbortError" || mine !== turn) return;
      shown = null;
      fill(rows, failed(error, error.status === 422 ? null : () => load(page)));
      fill(foot);
    } finally {
      if (mine === turn) rows.removeAttribute("aria-busy");
    }
  }

  function fetched(page) {
    return documents(collection, { ...asked, cursor: page ? pages[page - 1].cursor : null }, signal);
  }

  /** Whoever comes near the button most likely presses it. */
  function begin() {
    if (!shown?.cursor || pages[at + 1] || (ahead?.page === at + 1 && ahead.turn === turn)) return;
    ahead = { page: at + 1, turn, found: fetched(at + 1) };
    ahead.found.catch(() => { ahead = null; });
  }

  function draw() {
    const columns = chosenColumns(current());
    const look = columns.join("\n");
    if (look !== widths.look) widths = Object.assign(new Map(), { look });
    redraw(rows, shown.items.length
      ? table(`Documents of ${collection.name}`, [
        { label: "Document", heads: true, cell: opener },
        // Where documents are no objects they have no fields: each is shown as it is.
        ...(columns.length ? [] : [{ label: "Value", cell: (one) => shownAs(one, one.doc) }]),
        ...columns.map((field) => ({
          label: field, number: isNumber(field), least: widths.get(field), sort: { now: direction(field), by: () => change({ sort: nextSort(field) }) },
          cell: (one) => shownAs(one, valueAt(one.doc, field)),
        })),
      ], shown.items)
      : h("p", { class: "notice" }, asked.filters.length ? "No document is like that." : "There are no documents."));
    // Columns grow from page to page and never shrink, or they would jump about.
    for (const heading of rows.querySelectorAll("thead th")) widths.set(heading.dataset.label, heading.offsetWidth);
    const wasHere = foot.contains(document.activeElement);
    redraw(foot,
      h("button", { type: "button", disabled: at === 0, dataset: { key: "previous" }, on: { click: () => void load(at - 1) } }, "← Previous"),
      h("span", { class: "small quiet", role: "status" }, `Page ${count(at + 1)}, ${count(shown.items.length)} shown`),
      h("button", { type: "button", disabled: !shown.cursor, dataset: { key: "next" }, on: { click: () => void load(at + 1), pointerenter: begin, focus: begin } }, "Next →"),
      h("span", { class: "space" }),
      columnChooser(current, draw),
      shown.items.length > 0 && h("button", { type: "button", on: { click: save } }, "Save this page as JSON lines"));
    if (wasHere && !foot.contains(document.activeElement)) foot.querySelector("button:not(:disabled)").focus();
  }

  function opener(one) {
    return h("button", { type: "button", class: "plain open mono", "aria-label": `Open document ${one.documentId}`, on: { click: () => open(one.documentId) } },
      `…${one.documentId.slice(-8)}`);
  }

  function isNumber(field) {
    const types = Object.keys(current().fields.find((each) => each.field === field)?.types ?? {}).filter((type) => type !== "null");
    return types.length > 0 && types.every((type) => type === "integer" || type === "number");
  }

  function direction(field) {
    if (asked.sort === quoted(field)) return "ascending";
    return asked.sort === quoted(`-${field}`) ? "descending" : null;
  }

  function nextSort(field) {
    const now = direction(field);
    if (now === "descending") return null;
    return quoted(now === "ascending" ? `-${field}` : field);
  }

  /** What is shown, a document to a line, digit for digit. */
  function save() {
    const lines = shown.items.filter((one) => one.tooLarge === null).map((one) => `${written(one.doc)}\n`);
    const address = URL.createObjectURL(new Blob(lines, { type: "application/x-ndjson" }));
    h("a", { href: address, download: `${collection.name.replaceAll("/", "-")}-page-${at + 1}.jsonl` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }
}

/** A field that has a comma or a quote in it stands in quotes in a list. */
const quoted = (name) => (/[",]/.test(name) ? JSON.stringify(name) : name);

/** Filters by hand, for a link leaves out empty values, and these mean something here. */
function filterText(filters, sort) {
  const asked = filters.map(([field, operator, text]) => `${encodeURIComponent(`filter[${field}][${operator}]`)}=${encodeURIComponent(text)}`).join("&");
  return asked && `${sort ? "&" : "?"}${asked}`;
}

function readQuery(query) {
  const filters = [];
  for (const [name, text] of query) {
    const found = /^filter\[(.*)\]\[(\w+)\]$/s.exec(name);
    if (found) filters.push([found[1], found[2], text]);
  }
  return { filters, sort: query.get("sort") };
}

function shownAs(one, value) {
  if (one.tooLarge !== null) return h("span", { class: "quiet" }, `too large to show (${size(one.tooLarge)})`);
  if (value === undefined) return h("span", { class: "quiet" }, "—", h("span", { class: "unseen" }, "not there"));
  if (value instanceof Digits) return h("span", { class: "digits" }, value.text);
  if (value === null || typeof value === "boolean") return h("code", { class: "quiet" }, String(value));
  const text = typeof value === "string" ? value : written(value);
  if (text.length <= SHORT) return h("span", { class: "nowrap" }, text);
  return text.length > LONGEST ? h("span", { title: text.slice(0, 1000) }, `${text.slice(0, LONGEST)}…`) : text;
}
