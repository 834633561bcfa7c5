/** Documents that could not be kept: why, where they stand, and what can be done about each. */

import { get, post } from "../api.js";
import { fill, h } from "../dom.js";
import { every } from "../live.js";
import { cards } from "../parts/table.js";
import { complain, toast } from "../parts/toast.js";
import { go, link } from "../router.js";
import { may } from "../session.js";
import { count, several } from "../words.js";
import { path } from "./asking.js";
import { correct } from "./correcting.js";

const EACH = 200;
const BY_CONTRACT = new Set(["schema_frozen", "row_discarded"]);

/** The first page of what was refused: `{items, next_cursor}`. */
export const firstRefused = (collection, signal) => get(`${path(collection.id)}/refusals`, { limit: EACH }, { signal });

export const howMany = (page) => (page.items.length ? ` (${count(page.items.length)}${page.next_cursor ? "+" : ""})` : "");

/** `counted` hears of the first page whenever it was looked at. */
export async function refusalReport(current, counted, signal) {
  const collection = current();
  const place = h("div", { class: "stack sections" });
  const further = [];
  let newest = null;
  let cursor;
  await look();
  void every(4000, look, signal);
  return place;

  async function look() {
    const page = await firstRefused(collection, signal);
    counted(page);
    if (newest && JSON.stringify(page) === JSON.stringify(newest)) return;
    // What was asked for beyond a page that has changed would not follow it any more.
    further.length = 0;
    newest = page;
    cursor = page.next_cursor;
    draw();
  }

  async function more() {
    const page = await get(`${path(collection.id)}/refusals`, { limit: EACH, cursor }, { signal });
    further.push(...page.items);
    cursor = page.next_cursor;
    draw();
  }

  function draw() {
    const found = [...newest.items, ...further];
    if (!found.length) {
      fill(place, h("p", { class: "notice" }, "Every document that came was kept."));
      return;
    }
    const barred = found.filter((one) => BY_CONTRACT.has(one.code));
    const broken = found.filter((one) => !BY_CONTRACT.has(one.code));
    fill(place,
      broken.length > 0 && part("broken", "They cannot be kept as they are", "The other documents of their files were kept. Correct one here and send it: it comes as a file of its own. A refusal is told for as long as its file is there.", listed("Documents that cannot be kept", broken)),
      barred.length > 0 && part("barred", "They do not fit the schema", [`The contract of this collection, “${current().contract.replace("_", " ")}”, decides what becomes of them. `, may("admin") ? ["Change ", h("a", { href: link("collections", collection.id, { tab: "contract" }) }, "the contract"), " or the schema, and then have their files read again."] : "An admin can change it."],
        listed("Documents that do not fit", barred), may("admin") && h("div", {}, h("button", { type: "button", on: { click: () => again(barred) } }, "Read their files again"))),
      cursor && h("div", {}, h("button", { type: "button", on: { click: () => more().catch(complain) } }, "Show more")));
  }

  function listed(caption, found) {
    return cards(caption, [
      { label: "Reason", heads: true, cell: (one) => [one.detail, " ", h("code", { class: "small quiet" }, one.code)] },
      { label: "File", cell: (one) => h("a", { href: link("objects", one.system_id) }, one.filename ?? `…${one.system_id.slice(-8)}`) },
      { label: "Begins at", number: true, cell: (one) => `byte ${count(one.position)}` },
      { label: "What you can do", acts: true, cell: (one) => h("button", { type: "button", "aria-label": `Look at the document at byte ${one.position} of ${one.filename ?? "its file"}`, on: { click: () => open(one) } }, may("uploader") ? "Correct…" : "Look") },
    ], found);
  }

  async function open(one) {
    try {
      const sent = await correct(collection, one, signal);
      if (sent) toast("Sent: it is one of the documents in a moment.", { action: { label: "See its file", run: () => go(link("objects", sent)) } });
    } catch (error) {
      complain(error);
    }
  }

  async function again(barred) {
    const ids = [...new Set(barred.map((one) => one.system_id))].slice(0, EACH);
    try {
      await post("/admin/replay", { stage: "schema", done: true, system_ids: ids }, { signal });
      toast(`${several(ids.length, "file")} ${ids.length === 1 ? "is" : "are"} read again.`);
    } catch (error) {
      complain(error);
    }
  }
}

const part = (id, title, about, ...content) => h("section", { class: "stack", "aria-labelledby": id }, h("h2", { id }, title), h("p", { class: "quiet" }, about), content);
