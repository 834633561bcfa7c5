/** The list of what was found, page after page. */

import { get, post } from "../api.js";
import { fill, h } from "../dom.js";
import { labels } from "../parts/labels.js";
import { empty } from "../parts/states.js";
import { complain, toast } from "../parts/toast.js";
import { follow } from "../parts/trail.js";
import { count } from "../words.js";
import { isFilter, parts, pieces, plain, quoted, values } from "./grammar.js";
import { card, planTable, UNLIKELY } from "./results.js";

const PAGE = 40;
const MOST = 200;
// Where one was in the list from which an object was opened: coming back leads there again.
let left = null;

/**
 * Search and show it in `place`. `state` is what the address asks, `example` a picture or
 * `{system_id}`. Returns when the first page is there; throws what the server refused.
 */
export async function found(place, { state, example, signal, ask, like }) {
  const words = parts(state.q).filter((each) => !each.key && !each.minus)
    .map((each) => plain(each.text).toLowerCase()).filter((each) => each.length > 1);
  const list = h("ul", { class: "results", "aria-label": "Results" });
  const unlikely = h("ul", { class: "results", "aria-label": "Less likely results" });
  const less = h("h2", { class: "less", hidden: true }, "Less likely");
  const summary = h("p", { class: "quiet", role: "status" });
  const explain = h("button", { type: "button", "aria-pressed": "false", on: { click: explainAll } }, "Why these?");
  const plan = h("details", { class: "how" });
  const more = h("button", { type: "button", hidden: true, on: { click: () => next() } }, "Show more");
  const foot = h("div", { class: "more" }, more);
  let cursor = null;
  let shown = 0;
  let isBusy = false;
  let isExplained = false;
  const ids = [];
  const before = left?.address === location.hash ? left : null;
  left = null;

  const first = await page(before ? Math.min(MOST, Math.max(PAGE, before.shown)) : PAGE);
  if (signal.aborted) return;
  if (!first.results.length) {
    fill(place, nothing(state, ask, first));
    return;
  }
  fill(place,
    first.corrected !== null && first.corrected !== undefined && h("p", { class: "notice corrected" }, "Shown for ", h("strong", {}, first.corrected), ". ",
      h("button", { type: "button", class: "small", on: { click: () => ask(literally(state.q)) } }, `Look for exactly “${state.q}”`)),
    h("div", { class: "row summary" }, summary, h("span", { class: "row end" }, explain, plan)),
    list, less, unlikely, foot);
  fill(plan, h("summary", {}, "How it was found"), h("div", { class: "card" }, planTable(first.plan)));
  add(first);
  if (before) scrollTo(0, before.top);
  place.addEventListener("click", opened, { signal });
  const sight = new IntersectionObserver((entries) => entries.some((each) => each.isIntersecting) && next(), { rootMargin: "600px" });
  sight.observe(foot);
  signal.addEventListener("abort", () => sight.disconnect());

  function page(limit = PAGE) {
    const query = { query: state.q, type: state.type, limit, cursor, explain: true };
    if (!example) return get("/search", state.saved ? { saved: state.saved, limit, cursor, explain: true } : query, { signal });
    // A picture is compared with pictures: there are no documents to leave out.
    const path = `/search/by-image?${new URLSearchParams(Object.entries({ query: state.q, limit, cursor, explain: true }).filter(([, value]) => value !== null && value !== ""))}`;
    return post(path, example, { signal, headers: example instanceof Blob ? { "Content-Type": example.type } : {} });
  }

  function add(answer) {
    cursor = answer.next_cursor;
    const cards = answer.results.map((each) => {
      const made = card(each, { words, like });
      if (isExplained) made.explain(true);
      made.dataset.at = ids.push(each.id) - 1;
      return [each, made];
    });
    for (const [each, made] of cards) (isUnlikely(each) ? unlikely : list).append(made);
    less.hidden = !unlikely.childElementCount;
    less.textContent = list.childElementCount ? "Less likely" : "Nothing fits well; these come closest";
    shown += cards.length;
    more.hidden = cursor === null;
    summary.textContent = cursor !== null ? `The best ${count(shown)}; there is more.`
      : `${count(shown)} ${shown === 1 ? "result" : "results"}${answer.cut_off ? ", which is the most a list has: narrow it to see the rest" : ""}.`;
  }

  /** Who opens a result can go on to the next from there, and comes back to this place. */
  function opened(event) {
    const tile = event.target.closest(".result a") && event.target.closest(".result");
    if (!tile) return;
    left = { address: location.hash, shown, top: scrollY };
    follow({ address: location.hash, index: Number(tile.dataset.at), id: async (at) => ids[at] ?? null });
  }

  async function next() {
    if (isBusy || cursor === null || signal.aborted) return;
    isBusy = true;
    more.disabled = true;
    try {
      add(await page());
    } catch (error) {
      if (error.status === 410) again();
      else if (error.name !== "AbortError") {
        complain(error);
        sight.disconnect();
      }
    } finally {
      isBusy = false;
      more.disabled = false;
    }
  }

  function again() {
    toast("That list had been put away; it was searched anew.");
    scrollTo(0, 0);
    cursor = null;
    sight.disconnect();
    found(place, { state, example, signal, ask, like }).catch(complain);
  }

  function explainAll() {
    isExplained = !isExplained;
    explain.setAttribute("aria-pressed", String(isExplained));
    for (const each of [...list.children, ...unlikely.children]) each.explain(isExplained);
  }
}

const isUnlikely = (each) => each.score !== null && each.score < UNLIKELY;

/** In quotes a word is taken as it is. */
const literally = (query) => pieces(query).map((each) => (isFilter(each) || /["“”„‟«»＂-]/.test(each[0]) ? each : `"${each.replaceAll("\\", "\\\\")}"`)).join(" ");

/** For labels that nothing has, those of the library that begin as they do. */
async function offerLabels(place, query, ask) {
  const asked = parts(query).filter(({ key, minus }) => key === "tag" && !minus);
  if (!asked.length) return;
  const known = (await labels()).map(({ label }) => label.toLowerCase());
  for (const part of asked) {
    for (const value of values(part).map((each) => each.toLowerCase())) {
      if (known.includes(value)) continue;
      const stem = value.replace(/[^\p{L}\p{N}]+$/u, "").slice(0, 4);
      const close = known.filter((each) => stem.length > 1 && each.split(/[^\p{L}\p{N}]+/u).some((word) => word.startsWith(stem))).slice(0, 4);
      fill(place, [...place.childNodes], h("span", {}, `Nothing has the tag “${value}”${close.length ? "; there is" : "."}`), close.map((each) =>
        h("button", { type: "button", class: "chip", on: { click: () => ask(query.slice(0, part.at) + `tag:${quoted(each)}` + query.slice(part.at + part.text.length)) } }, `# ${each}`)));
    }
  }
}

/** What to try when there is nothing. */
function nothing(state, ask, answer) {
  const all = pieces(state.q);
  const without = all.length > 1 ? all.map((each, at) => [each, all.filter((_, other) => other !== at).join(" ")]) : [];
  const near = h("div", { class: "row centre" });
  offerLabels(near, state.q, ask);
  return empty("Nothing found",
    near,
    answer.corrected && h("p", {}, `Also not for “${answer.corrected}”.`),
    without.length > 0 && h("p", {}, "All of it has to hold. Try it without one part:"),
    without.length > 0 && h("div", { class: "row centre" }, without.map(([each, rest]) =>
      h("button", { type: "button", class: "chip", on: { click: () => ask(rest) } }, "without ", h("span", { class: "mono" }, each)))),
    state.type && h("button", { type: "button", on: { click: () => ask(state.q, { type: "" }) } }, "Look among everything"),
    h("p", {}, "Or say it in other words: what the picture shows, part of a file's name, a word from a document."));
}
