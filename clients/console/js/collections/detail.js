/** One collection: its documents, and what is known of them. */

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { every } from "../live.js";
import { copyButton } from "../parts/code.js";
import { show as showDialog } from "../parts/dialog.js";
import { written } from "../parts/exact.js";
import { treeOf } from "../parts/jsontree.js";
import { redraw } from "../parts/redraw.js";
import { failed, waiting } from "../parts/states.js";
import { complain } from "../parts/toast.js";
import { link } from "../router.js";
import { contractForm, fieldReport } from "./about.js";
import { documentsSay, handle, oneDocument, path } from "./asking.js";
import { driftReport } from "./drift.js";
import { schemaLink } from "./list.js";
import { firstRefused, howMany, refusalReport } from "./refused.js";
import { documentRows } from "./rows.js";

// The last one grows by a number.
const TABS = [["", "Documents"], ["fields", "Fields"], ["drift", "Drift"], ["contract", "Contract"], ["refused", "Refused"]];

/** Answers what shows another query of the same collection. */
export async function showOne(place, route, signal) {
  let collection = await get(path(route.id), {}, { signal });
  let seen = collection.documents;
  let tab = null;
  let rows = null;
  let refused = "";
  let refusedOf = null;
  let leave = new AbortController();
  const facts = h("div", { class: "row" });
  const arrived = h("div", { class: "arrived", role: "status" });
  const tabs = h("nav", { class: "tabs", "aria-label": "About this collection" });
  const body = h("div", {});
  fill(place, h("div", { class: "head" }, h("h1", {}, collection.name), facts), tabs, body, arrived);
  drawFacts();
  display(route.query);
  void countRefused();
  if (route.query.get("document")) void open(route.query.get("document"));
  void every(4000, async () => {
    collection = await get(path(collection.id), {}, { signal });
    drawFacts();
    if (collection.documents !== refusedOf) await countRefused();
    if (collection.documents !== seen && tab === "") sayArrived();
  }, signal);
  return (next) => {
    display(next.query);
    return true;
  };

  function drawFacts() {
    const told = JSON.stringify([collection.documents, collection.storage, collection.active_schema, collection.waiting_schema, collection.contract]);
    if (facts.dataset.told === told) return;
    facts.dataset.told = told;
    fill(facts, h("span", {}, documentsSay(collection.documents)), h("span", { class: "chip" }, collection.storage === "sql" ? "table" : "JSONB"),
      h("span", { class: "chip" }, `contract: ${collection.contract.replace("_", " ")}`), schemaLink(collection));
  }

  function display(query) {
    const wanted = query.get("tab") ?? "";
    drawTabs(wanted);
    tabs.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (wanted !== tab || wanted !== "") {
      tab = wanted;
      leave.abort();
      leave = new AbortController();
      rows = null;
      fill(arrived);
      body.replaceChildren();
      if (tab === "") rows = documentRows(body, () => collection, open, signal);
      else void fillTab(tab);
    }
    void rows?.(query);
  }

  function drawTabs(current) {
    redraw(tabs, TABS.map(([name, label]) => h("a", { href: link("collections", handle(collection), { tab: name }), dataset: { key: name }, "aria-current": name === current ? "page" : null }, label,
      name === "refused" && refused && h("span", { class: "bad" }, refused))));
  }

  /** Documents that were refused are told of on every tab. */
  async function countRefused() {
    refusedOf = collection.documents;
    await firstRefused(collection, signal).then(counted, () => null);
  }

  function counted(page) {
    if (refused === howMany(page)) return;
    refused = howMany(page);
    const label = tabs.querySelector('[data-key="refused"]');
    fill(label, "Refused", refused && h("span", { class: "bad" }, refused));
  }

  async function fillTab(wanted) {
    fill(body, waiting());
    const content = { fields: () => fieldReport(collection), drift: () => driftReport(collection, signal), refused: () => refusalReport(() => collection, counted, AbortSignal.any([signal, leave.signal])), contract: () => contractForm(collection, take, signal) }[wanted];
    try {
      const shown = await content?.();
      if (tab === wanted) fill(body, shown ?? failed(new Error("There is no such page of a collection.")));
    } catch (error) {
      if (error.name !== "AbortError" && tab === wanted) fill(body, failed(error, () => fillTab(wanted)));
    }
  }

  function take(changed) {
    collection = changed;
    drawFacts();
  }

  function sayArrived() {
    const more = collection.documents - seen;
    fill(arrived, h("p", { class: "notice row" }, more > 0 ? `${documentsSay(more)} arrived.` : "Documents were taken away.",
      h("button", { type: "button", on: { click: () => { seen = collection.documents; fill(arrived); display(new URLSearchParams(location.hash.split("?")[1] ?? "")); } } }, "Show them")));
  }

  async function open(documentId) {
    try {
      const one = await oneDocument(collection, documentId, signal);
      const text = () => written(one.doc, 2);
      showDialog("Document", h("div", { class: "stack" },
        h("p", { class: "small quiet" }, h("code", {}, one.documentId)),
        one.tooLarge === null
          ? h("div", { class: "document", tabindex: "0", role: "region", "aria-label": "The document" }, treeOf(one.doc))
          : h("p", { class: "notice warn" }, "It is too large to be shown whole. Its file has it."),
        h("div", { class: "row" }, one.tooLarge === null && copyButton(text, "Copy as JSON"),
          h("a", { class: "button", href: link("objects", one.systemId), on: { click: (event) => event.target.closest("dialog").close() } }, "The file it came in"))), { wide: true });
    } catch (error) {
      complain(error);
    }
  }
}
