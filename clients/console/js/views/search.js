/** Search: by words, by a picture, by what something in the library looks like. */

import { Problem } from "../api.js";
import { fill, h } from "../dom.js";
import * as dialog from "../parts/dialog.js";
import { known, picture } from "../parts/picture.js";
import { failed, waiting } from "../parts/states.js";
import { complain } from "../parts/toast.js";
import { go, here, link } from "../router.js";
import * as session from "../session.js";
import { searchBox } from "../search/box.js";
import * as examples from "../search/example.js";
import { help } from "../search/grammar.js";
import { found } from "../search/found.js";
import { listSaved, save, welcome } from "../search/saved.js";
import { remember } from "../search/suggest.js";

export const title = "Search";
export const styles = ["search.css", "picture.css"];

const TYPES = [["", "All"], ["media", "Media"], ["document", "Documents"]];
let shown = null;

/** What the address asks: words, a kind of thing, an example, or a saved search. */
function wanted(query) {
  const read = (name) => query.get(name) ?? "";
  return { q: read("q"), type: read("type"), like: read("like"), picture: read("picture"), saved: read("saved") };
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
  const to = (change) => go(link("search", null, { ...state, ...change }));
  const box = searchBox({
    area: place,
    signal,
    saved: () => saved,
    on: { ask, saved: (id) => go(link("search", null, { saved: id })), picture: byPicture },
  });
  const kinds = h("div", { class: "kinds", role: "group", "aria-label": "What to look among" }, TYPES.map(([value, label]) =>
    h("button", { type: "button", dataset: { type: value }, on: { click: () => (state.saved ? ask(box.input.value.trim(), { type: value }) : to({ type: value })) } }, label)));
  const keep = h("button", { type: "button", on: { click: keepIt } }, "Save");
  const helper = h("button", { type: "button", on: { click: openHelp } }, "Help");
  const tools = h("div", { class: "row tools" }, kinds, h("span", { class: "row end" }, keep, helper));
  const body = h("div", { class: "found" });
  fill(place, h("div", { class: "head" }, h("h1", {}, "Search")), box.element, tools, body);
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
    const next = { ...state, ...change, q: text, saved: "" };
    if (link("search", null, next) === link("search", null, wanted(here().query))) look().catch(complain);
    else go(link("search", null, next));
  }

  async function byPicture(file) {
    try {
      go(link("search", null, { picture: await examples.keep(file) }));
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

  async function keepIt() {
    const asked = { query: state.q };
    if (state.type) asked.type = state.type;
    if (await save(asked)) await refresh();
  }

  function openHelp() {
    const close = dialog.show("How to ask", help((text) => { close(); ask(text); }), { wide: true });
  }

  /** Show in box and buttons what is asked. */
  function paint() {
    const one = saved.find((each) => each.id === state.saved);
    const type = one ? one.asked.type ?? "" : state.type;
    if (one) box.set(String(one.asked.query ?? ""));
    for (const button of kinds.children) button.setAttribute("aria-pressed", String(button.dataset.type === (type === "all" ? "" : type)));
    kinds.hidden = Boolean(state.like || state.picture);
    keep.hidden = !state.q || Boolean(state.saved || state.like || state.picture) || !session.may("uploader");
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
    const example = await exampleShown();
    if (until.aborted) return;
    if (state.picture && !example) {
      fill(body, h("p", { class: "notice" }, "The picture is not kept any longer: drop it here once more."));
      return;
    }
    const late = setTimeout(() => !until.aborted && fill(body, waiting("Searching")), 250);
    try {
      await found(body, { state, example, signal: until, ask, like: (each) => go(link("search", null, { like: each.id })) });
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
      fill(body, h("p", { class: "quiet nothing" }, "Correct the search above, or look at ", h("button", { type: "button", on: { click: openHelp } }, "How to ask")));
    } else {
      fill(body, failed(error, () => look().catch(complain)));
    }
  }

  /** What the results should be like: the body to send, shown in the box. */
  async function exampleShown() {
    const without = () => go(link("search", null, { q: state.q }));
    if (state.like) {
      const thing = await known(state.like).catch(() => null);
      box.example(h("span", { class: "row" }, picture(state.like, { shape: "square mini" }), h("span", { class: "small" }, `Like ${thing?.filename ?? "this"}`)), without);
      return { system_id: state.like };
    }
    if (!state.picture) return null;
    const blob = await examples.find(state.picture);
    if (!blob) return null;
    const address = URL.createObjectURL(blob);
    signal.addEventListener("abort", () => URL.revokeObjectURL(address), { once: true });
    box.example(h("span", { class: "row" }, picture(null, { address, shape: "square mini", alt: "Your picture" }), h("span", { class: "small" }, "Like this picture")), without);
    return blob;
  }
}
