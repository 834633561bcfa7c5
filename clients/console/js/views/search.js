/** Search: by words, by a picture, by what something in the library looks like. */

import { Problem } from "../api.js";
import { fill, h } from "../dom.js";
import * as dialog from "../parts/dialog.js";
import { filters } from "../parts/filters.js";
import { known, picture } from "../parts/picture.js";
import { failed, waiting } from "../parts/states.js";
import { complain } from "../parts/toast.js";
import { go, here, link } from "../router.js";
import * as session from "../session.js";
import { searchBox } from "../search/box.js";
import * as examples from "../search/example.js";
import { help, parts } from "../search/grammar.js";
import { found } from "../search/found.js";
import { NAMES, asText, parameters, rewritten } from "../search/narrowing.js";
import { ask as askAnother, listSaved, save, welcome } from "../search/saved.js";
import { remember } from "../search/suggest.js";
import { where } from "../search/where.js";

export const title = "Search";
export const styles = ["search.css", "filters.css", "map.css", "picture.css"];

const TYPES = [["", "All"], ["media", "Media"], ["document", "Documents"]];
const filtersOf = (text) => parts(text).filter((each) => each.key).map((each) => each.text).join(" ");
let shown = null;

/**
 * What the address asks: words, a kind of thing, an example, or a saved search; `of` is the saved one
 * that they began as. Filters that stand in it as in the library's are taken into the text.
 */
function wanted(query) {
  const read = (name) => query.get(name) ?? "";
  const beside = Object.fromEntries(NAMES.filter((name) => name !== "also" && query.has(name)).map((name) => [name, query.getAll(name)]));
  return { q: asText({ query: read("q"), ...beside }), type: read("type"), like: read("like"), picture: read("picture"), saved: read("saved"), of: read("of"), map: read("map") };
}

const isEmpty = (state) => !state.q && !state.type && !state.like && !state.picture && !state.saved;

export function update(route) {
  shown?.(wanted(route.query));
  return shown !== null;
}

export async function show(place, route, signal) {
  let saved = [];
  let state = wanted(route.query);
  let looking = null;
  const savedNow = () => saved.find((each) => each.id === state.saved);
  const typeNow = () => (state.saved ? (savedNow()?.asked.type ?? "").replace("all", "") : state.type);
  const askedNow = () => ({ query: state.q, ...(state.type && { type: state.type }) });
  const to = (change) => go(link("search", null, { ...state, ...change }));
  const box = searchBox({
    area: place,
    signal,
    saved: () => saved,
    on: { ask, saved: (id) => go(link("search", null, { saved: id, map: state.map })), picture: byPicture },
  });
  const kinds = h("div", { class: "kinds", role: "group", "aria-label": "What to look among" }, TYPES.map(([value, label]) =>
    h("button", { type: "button", dataset: { type: value }, on: { click: () => (state.saved ? ask(box.input.value.trim(), { type: value }) : to({ type: value })) } }, label)));
  const onMap = h("button", { type: "button", "aria-pressed": "false", on: { click: () => to({ map: state.map ? "" : "1" }) } }, "Map");
  const change = h("button", { type: "button", on: { click: changeIt } });
  const keep = h("button", { type: "button", on: { click: keepIt } }, "Save");
  const helper = h("button", { type: "button", on: { click: openHelp } }, "Help");
  const tools = h("div", { class: "row tools" }, kinds, h("span", { class: "row end" }, onMap, change, keep, helper));
  // Chips are another way to write what stands in the box, so that there is one text to share.
  const narrow = (next) => ask(rewritten(box.input.value.trim(), next));
  const chips = filters({ names: NAMES, change: narrow, meant: ({ name }) => name, signal });
  const spots = where({ signal, pick: (bbox) => {
    const next = parameters(box.input.value);
    next.set("bbox", bbox.join(","));
    narrow(next);
  } });
  const body = h("div", { class: "found" });
  fill(place, h("div", { class: "head" }, h("h1", {}, "Search")), box.element, tools, chips.element, spots.element, body);
  signal.addEventListener("abort", () => { shown = null; looking?.abort(); });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input, textarea, select") || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    box.input.focus();
    box.input.select();
  }, { signal });

  shown = (next) => { state = next; look().catch(complain); };
  const ready = refresh();
  if (isEmpty(state)) box.input.focus({ preventScroll: true });
  await Promise.all([ready, look()]);

  function ask(text, change = {}) {
    const next = { ...state, type: typeNow(), ...change, q: text, saved: "", of: state.saved || state.of };
    if (link("search", null, next) === link("search", null, wanted(here().query))) look().catch(complain);
    else go(link("search", null, next));
  }

  async function byPicture(file) {
    try {
      // Words are not compared with a picture; filters are.
      const kept = await examples.keep(file);
      if (!signal.aborted) go(link("search", null, { picture: kept, q: filtersOf(state.q) }));
    } catch (error) {
      box.complain(error.message);
    }
  }

  async function refresh() {
    try {
      saved = await listSaved(signal);
    } catch (error) {
      if (!(error instanceof Problem)) return;
      complain(error);
    }
    if (isEmpty(state)) welcomed();
    else paint();
  }

  function welcomed() {
    fill(body, welcome(saved, { changed: refresh, ask }));
  }

  function keepIt() {
    return goOnAs(() => save(askedNow(), signal));
  }

  /** Let the saved search, which this began as, ask what stands here now. */
  function changeIt() {
    return goOnAs(() => askAnother(saved.find((each) => each.id === state.of), askedNow(), () => refresh().then(look)));
  }

  /** Show the saved search that comes of it, unless something else is looked at by then. */
  async function goOnAs(keeping) {
    const before = state;
    try {
      const kept = await keeping();
      if (!kept || signal.aborted) return;
      await refresh();
      if (!signal.aborted && state === before) to({ q: "", type: "", of: "", saved: kept.id });
    } catch (error) {
      complain(error);
    }
  }

  function openHelp() {
    const close = dialog.show("How to ask", help((text) => { close(); ask(text); }), { wide: true });
  }

  /** Show in box and buttons what is asked. */
  function paint() {
    const one = savedNow();
    const before = saved.find((each) => each.id === state.of);
    const type = typeNow();
    const isExample = Boolean(state.like || state.picture);
    if (one) box.set(asText(one.asked));
    for (const button of kinds.children) button.setAttribute("aria-pressed", String(button.dataset.type === type));
    kinds.hidden = isExample;
    keep.hidden = !state.q || Boolean(state.saved || isExample) || !session.may("uploader");
    change.hidden = keep.hidden || !before;
    change.textContent = before ? `Save to “${before.name}”` : "";
    keep.textContent = before ? "Save as new" : "Save";
    const text = box.input.value;
    chips.show(parameters(text));
    onMap.hidden = isExample || isEmpty(state);
    onMap.setAttribute("aria-pressed", String(Boolean(state.map)));
    const isMapped = state.map && !onMap.hidden && (!state.saved || one);
    spots.show(isMapped ? { query: text, type: type || null, ...(one?.asked.min_score !== undefined && { min_score: one.asked.min_score }) } : null);
    if (one) box.example(h("span", { class: "small" }, "Saved: ", h("strong", {}, one.name)), () => ask(box.input.value.trim()));
  }

  async function look() {
    looking?.abort();
    looking = new AbortController();
    const { signal: until } = looking;
    box.complain(null);
    box.set(state.q);
    box.example(null);
    paint();
    if (isEmpty(state)) return welcomed();
    const example = await exampleShown(until);
    if (until.aborted) return;
    if (state.picture && !example) {
      fill(body, h("p", { class: "notice" }, "The picture is not kept any longer: drop it here once more."));
      return;
    }
    const late = setTimeout(() => !until.aborted && fill(body, waiting("Searching")), 250);
    try {
      await found(body, { state, example, signal: until, ask, like: (each) => go(link("search", null, { like: each.id, q: filtersOf(state.q) })) });
      // What was refused is not worth asking again.
      if (!state.like && !state.picture && !state.saved) remember(state.q);
    } catch (error) {
      if (error.name === "AbortError" || until.aborted) return;
      refused(error);
    } finally {
      clearTimeout(late);
    }
  }

  function refused(error) {
    if (error.status === 422) {
      box.complain(error.message);
      const [, wrong, right] = error.message.match(/no filter (\w+):; did you mean (\w+):/) ?? [];
      const text = right && right !== "near" && state.q.replace(new RegExp(`(^|[\\s-])${wrong}:`, "i"), `$1${right}:`);
      fill(body, text && h("p", {}, h("button", { type: "button", on: { click: () => ask(text) } }, "Search for ", h("span", { class: "mono" }, text))),
        h("p", { class: "quiet nothing" }, "Correct the search above, or look at ", h("button", { type: "button", on: { click: openHelp } }, "How to ask")));
    } else {
      fill(body, failed(error, () => look().catch(complain)));
    }
  }

  /** What the results should be like: the body to send, shown in the box. */
  async function exampleShown(until) {
    const without = () => go(link("search", null, { q: state.q }));
    if (state.like) {
      const thing = await known(state.like).catch(() => null);
      if (until.aborted) return null;
      box.example(h("span", { class: "row" }, picture(state.like, { shape: "square mini" }), h("span", { class: "small" }, `Like ${thing?.filename ?? "this"}`)), without);
      return { system_id: state.like };
    }
    if (!state.picture) return null;
    const blob = await examples.find(state.picture);
    if (!blob || until.aborted) return null;
    const address = URL.createObjectURL(blob);
    signal.addEventListener("abort", () => URL.revokeObjectURL(address), { once: true });
    box.example(h("span", { class: "row" }, picture(null, { address, shape: "square mini", alt: "Your picture" }), h("span", { class: "small" }, "Like this picture")), without);
    return blob;
  }
}
