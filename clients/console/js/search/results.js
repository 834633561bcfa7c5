/** What was found: a card for each, with how well it fits and, on demand, why. */

import { h } from "../dom.js";
import { picture } from "../parts/picture.js";
import { link } from "../router.js";
import { day, duration, percent, size } from "../words.js";

/** Below this the model has seen little of what was asked. */
export const UNLIKELY = 0.05;
const LINES = 9;
const NAMING = /^(?:.*[_-])?(?:name|title|id|key|number|code)$/i;
const WAYS = { vector: "What it shows", words: "Words", tags: "Tags", documents: "Document text" };
const PLANS = {
  exact: "compared one by one", hnsw: "through the index", iterative: "through the index, further and further",
  "iterative, then exact": "through the index, then one by one", words: "by words", tags: "by tags", newest: "newest first",
};

/** A card. `words` are marked in documents, `like(found)` searches for more of the same. */
export function card(found, { words = [], like }) {
  const address = link("objects", found.id, { at: found.at_ms });
  const title = found.document_id ? documentName(found) : found.filename ?? found.collection ?? "Without a name";
  const isDocument = found.kind === "json" || found.document_id !== null;
  const why = h("div", { class: "why", id: `why-${found.document_id ?? found.id}`, hidden: true });
  const opener = found.why?.length > 0 && h("button", {
    type: "button", class: "plain small", "aria-expanded": "false", "aria-controls": why.id, "aria-label": `Why? ${title}`,
    on: { click: () => toggle() },
  }, "Why?");
  const toggle = (open = why.hidden) => {
    why.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (open && !why.childElementCount) why.append(...reasons(found));
  };
  const element = h("li", { class: `result card${isDocument ? " document" : ""}`, dataset: { id: found.id } },
    isDocument ? snippet(found, words) : look(found, address),
    h("div", { class: "text" },
      h("a", { href: address, class: "name", title }, title),
      h("p", { class: "small quiet facts" }, facts(found)),
      h("div", { class: "fit" },
        found.score !== null && score(found.score),
        opener,
        ["image", "video"].includes(found.kind) && h("button", { type: "button", class: "plain small", "aria-label": `Similar to ${title}`, title: "More like this", on: { click: () => like(found) } }, "Similar"))),
    why);
  element.explain = (open) => opener && toggle(open);
  return element;
}

/** What tells a document from its likes: the first field that sounds like a name. */
function documentName({ document, collection }) {
  const telling = Object.entries(document ?? {}).find(([key, value]) => NAMING.test(key) && ["string", "number"].includes(typeof value));
  return telling ? `${telling[0]} ${telling[1]}` : `A document of ${collection}`;
}

function look(found, address) {
  return h("a", { href: address, class: "look", tabindex: "-1", "aria-hidden": "true" },
    picture(found.id, { address: found.thumbnail, kind: found.kind, shape: "wide" }),
    found.kind === "video" && h("span", { class: "badge" }, found.at_ms !== null ? `▶ at ${duration(found.at_ms)}` : `▶ ${found.duration_ms ? duration(found.duration_ms) : ""}`),
    found.kind === "audio" && h("span", { class: "badge" }, `♪ ${found.duration_ms ? duration(found.duration_ms) : ""}`));
}

function facts(found) {
  const labels = found.tags.filter((tag) => tag.source !== "metadata").slice(0, 3).map((tag) => tag.label).join(", ");
  const told = found.document_id ? [found.collection, day(found.created_at)] : [labels || found.collection, day(found.taken_at?.slice(0, 10) ?? found.created_at)];
  return [...told, labels || found.document_id ? null : size(found.size_bytes)].filter(Boolean).join(" · ");
}

/** How well it fits. In words too, for who does not see the bar. */
function score(value) {
  const shown = value >= 0.995 ? "99 %" : value < 0.01 ? "< 1 %" : percent(value);
  return h("span", { class: "score small", title: "How well it fits" },
    h("span", { class: "gauge", "aria-hidden": "true" }, h("span", { style: { width: `${Math.max(2, value * 100)}%` } })),
    h("span", {}, h("span", { class: "unseen" }, "fits "), shown));
}

function reasons(found) {
  const most = Math.max(...found.why.map((each) => each.contribution), 0.0001);
  return [
    h("ul", {}, found.why.map((each) => h("li", {},
      h("span", {}, WAYS[each.retriever] ?? each.retriever),
      h("span", { class: "gauge", "aria-hidden": "true" }, h("span", { style: { width: `${Math.max(2, (each.contribution / most) * 100)}%` } })),
      h("span", { class: "quiet" }, `no. ${each.rank}, ${each.contribution < 0.01 ? "< 1 %" : percent(each.contribution)}`)))),
    found.similarity !== null && h("p", { class: "quiet" }, `Its vector is ${found.similarity.toFixed(3)} alike (cosine).`),
  ].filter(Boolean);
}

function snippet(found, words) {
  if (found.document === null) return h("p", { class: "snippet quiet" }, found.document_id ? "A large document; open it to read it." : "A JSON file.");
  const lines = JSON.stringify(found.document, null, 1).split("\n");
  const body = lines.length > 2 ? lines.slice(1, -1).map((line) => line.slice(1)) : lines;
  const first = Math.max(0, Math.min(body.findIndex((line) => matches(line, words)) - 3, body.length - LINES));
  const shown = body.slice(first, first + LINES);
  return h("pre", { class: "snippet" }, first > 0 && "…\n", marked(shown.join("\n"), words), first + LINES < body.length && "\n…");
}

const matches = (line, words) => words.some((word) => line.toLowerCase().includes(word));

/** The text with the words that were looked for marked. */
function marked(text, words) {
  if (!words.length) return [text];
  const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return text.split(new RegExp(`(${escaped.join("|")})`, "i")).map((part, at) => (at % 2 ? h("mark", {}, part) : part));
}

/** How each way of looking went about it. */
export function planTable(plan) {
  return h("table", { class: "plan" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Looked for by"), h("th", { scope: "col" }, "How"), h("th", { scope: "col", class: "number" }, "Out of"), h("th", { scope: "col", class: "number" }, "Found"))),
    h("tbody", {}, plan.map((step) => h("tr", {},
      h("th", { scope: "row" }, WAYS[step.retriever] ?? step.retriever), h("td", {}, PLANS[step.plan] ?? step.plan),
      h("td", { class: "number" }, step.candidates ?? "—"), h("td", { class: "number" }, step.found)))));
}
