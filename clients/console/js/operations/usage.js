/** What an owner has and takes up. An operator sees every owner, too. */

import { get } from "../api.js";
import { h } from "../dom.js";
import { every } from "../live.js";
import { bars } from "../parts/chart.js";
import { table } from "../parts/table.js";
import { link } from "../router.js";
import { may } from "../session.js";
import { count, percent, several, size } from "../words.js";
import { onChange, redraw } from "../parts/redraw.js";

const MOST_OWNERS = 20;

export async function showUsage(place, { owner }, signal) {
  const look = onChange(async () => ({
    mine: await get("/usage", { owner }, { signal }),
    all: may("operator") ? await get("/admin/usage", { limit: MOST_OWNERS }, { signal }) : null,
  }), (found) => redraw(place, drawn(found)));
  await look();
  void every(3000, look, signal);
}

function drawn({ mine, all }) {
  const stored = mine.originals.bytes + mine.derivatives.bytes + mine.copies.bytes;
  return h("div", { class: "stack sections" },
    h("dl", { class: "tiles" },
      tile("Objects", count(mine.objects.objects), size(mine.objects.bytes)),
      tile("Documents", count(mine.documents), `in ${several(mine.collections, "collection")}`),
      tile("Stored", size(stored), "all files together"),
      tile("In the trash", count(mine.trash.objects), size(mine.trash.bytes))),
    h("div", { class: "pair" },
      panel("stored", "Where the bytes are", bars("Bytes by what they are", [
        { label: "Originals", value: mine.originals.bytes, text: size(mine.originals.bytes) },
        { label: "Previews", value: mine.derivatives.bytes, text: size(mine.derivatives.bytes) },
        { label: "Copies", value: mine.copies.bytes, text: size(mine.copies.bytes) },
      ])),
      panel("sorts", "Objects by kind and state", mine.by_sort.length ? bars("Objects by kind and state", mine.by_sort.map((sort) => ({
        label: `${sort.kind ?? "new"}, ${sort.trashed ? "trash" : sort.status.replaceAll("_", " ")}`, value: sort.objects, text: count(sort.objects), tone: sort.status === "failed" ? "bad" : sort.trashed ? "quiet" : "",
      }))) : h("p", { class: "quiet" }, "There are none yet.")),
      panel("tokens", "Tokens for captions", mine.captions.enabled ? [budget("Today", mine.captions.today), budget("This month", mine.captions.this_month)]
        : h("p", { class: "quiet" }, "Captions are switched off here: nothing is spent.")),
      panel("vectors", "Vectors by space", mine.vectors.length ? bars("Vectors by space", mine.vectors.map((one) => ({ label: `${one.space} (${one.state})`, value: one.vectors, text: count(one.vectors), tone: one.state === "active" ? "" : "quiet" })))
        : h("p", { class: "quiet" }, "There are none yet."))),
    all && h("div", { class: "stack" }, h("h2", {}, "Every owner"), table("Every owner", [
      { label: "Owner", heads: true, cell: (one) => h("a", { href: link("operations", null, { tab: "usage", owner: one.owner }) }, one.owner) },
      { label: "Objects", number: true, cell: (one) => count(one.objects.objects) },
      { label: "Documents", number: true, cell: (one) => count(one.documents) },
      { label: "Originals", number: true, cell: (one) => size(one.originals.bytes) },
      { label: "Previews", number: true, cell: (one) => size(one.derivatives.bytes) },
      { label: "Trash", number: true, cell: (one) => size(one.trash.bytes) },
      { label: "Tokens this month", number: true, cell: (one) => count(one.captions.this_month.spent) },
    ], all.items), all.next_cursor && h("p", { class: "small quiet" }, `The first ${MOST_OWNERS} by name: ask for another one by its name above.`)));
}

const tile = (name, value, beside) => h("div", { class: "card" }, h("dt", {}, name), h("dd", {}, h("strong", {}, value), h("span", { class: "small quiet" }, beside)));

const panel = (id, title, content) => h("section", { class: "card stack", "aria-labelledby": id }, h("h2", { id }, title), content);

function budget(when, tokens) {
  const taken = tokens.spent + tokens.reserved;
  return h("div", { class: "stack tight" },
    h("p", {}, `${when}: ${count(tokens.spent)} spent`, tokens.reserved > 0 && `, ${count(tokens.reserved)} reserved`, tokens.budget === null ? ", without a limit." : ` of ${count(tokens.budget)} (${percent(tokens.budget ? taken / tokens.budget : 1)}).`),
    tokens.budget !== null && h("progress", { max: Math.max(1, tokens.budget), value: Math.min(taken, tokens.budget), "aria-label": `Tokens, ${when.toLowerCase()}` }));
}
