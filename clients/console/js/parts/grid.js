/**
 * A grid of pictures that may have a hundred thousand of them: only rows near what is seen exist.
 *
 *     const shown = grid({ source, signal, open, opened, chosen, moved, mayChoose, label });
 *     place.append(shown.element);   // views that use it load "grid.css"
 *     shown.start();                 // once it is in the page
 *
 * `source` is `{sections, load}`: `sections` is a list of `{key, label, count}` from the top down (a
 * label of "" has no heading), `load(key, from, signal)` answers the up to `PAGE` items of a section
 * from there on; a source with `grows: true` may change its only section's count in `load`. An item
 * is `{id, kind, filename, thumbnail, caption?, duration_ms?, taken_at?, created_at?, status?}`.
 * `open(item)` answers the address a tile leads to; `opened(item, index)` is told when it is
 * followed, `chosen(ids)` when the selection changes, `moved(place)` once a frame what is on top:
 * `{key, label, from}`. For a plain list of what is known already: `listed(items)`.
 *
 * By keyboard: arrows, Home, End and pages move, Enter opens, Space chooses, with Shift a range,
 * Escape lets all go.
 */

import { h } from "../dom.js";
import { count } from "../words.js";
import { choosing } from "./choosing.js";
import { arrange, HEADING, sectionAt, sectionOf, span, spot } from "./layout.js";
import { headingOf, tileOf } from "./tile.js";
import { complain } from "./toast.js";

export const PAGE = 100;
const MOST_PAGES = 60;
/** Signed addresses live five minutes. */
const FRESH_MS = 240_000;
const SETTLED_MS = 60;

/** A source of items that are there already. */
export const listed = (items) => ({
  sections: items.length ? [{ key: "all", label: "", count: items.length }] : [],
  load: async (_, from) => items.slice(from, from + PAGE),
});

export function grid({ source, signal, open, opened = () => {}, chosen = () => {}, moved = () => {}, mayChoose = true, label = "Objects" }) {
  const element = h("div", { class: "grid", role: "region", "aria-label": label });
  const pages = new Map();
  const tiles = new Map();
  const headings = new Map();
  const spares = [];
  const choice = choosing({ element, mayChoose, itemAt, pageOf, itemsOf, tell, signal });
  const { selection, wholly } = choice;
  let layout = arrange([], 1000);
  let current = 0;
  let frame = 0;
  let settling = 0;
  let top = 0;
  let drawnAt = 0;
  let bar = 0;

  const began = () => scrollY - top;

  function schedule() {
    frame ||= requestAnimationFrame(draw);
  }

  /** Everything is measured before anything is changed: else the page would be laid out twice. */
  function draw() {
    frame = 0;
    if (signal.aborted || !element.isConnected) return;
    top = element.getBoundingClientRect().top + scrollY;
    const begin = began();
    const here = at();
    const isFast = Math.abs(begin - drawnAt) > innerHeight;
    const spare = isFast ? 0 : innerHeight / 2;
    const wanted = visible(Math.max(0, begin - spare), begin + innerHeight + spare);
    drawnAt = begin;
    // What has the focus stays, wherever it went: else the keyboard would lose its place.
    if (tiles.get(current)?.element.contains(document.activeElement)) wanted.add(current);
    else if (!wanted.has(current)) reach(visible(begin + bar, begin + innerHeight));
    for (const [index, tile] of tiles) if (!wanted.has(index)) { tile.element.remove(); tiles.delete(index); spares.push(tile); }
    const ordered = [...wanted].sort((a, b) => a - b);
    for (const index of ordered) if (!tiles.has(index)) drawTile(index);
    drawHeadings(new Set(ordered.map((index) => sectionOf(layout, index))), ordered);
    clearTimeout(settling);
    settling = setTimeout(() => { if (isFast) draw(); fetchMissing(); }, SETTLED_MS);
    moved(here);
  }

  /** Whoever comes by Tab comes to what is seen. */
  function reach([first = current]) {
    current = first;
    tiles.get(current)?.tabbable(true);
  }

  function visible(from, to) {
    const wanted = new Set();
    if (!layout.total) return wanted;
    for (let at = layout.sections.indexOf(sectionAt(layout, from)); at < layout.sections.length; at += 1) {
      if (layout.sections[at].y > to) break;
      const [low, high] = span(layout, layout.sections[at], from, to);
      for (let index = low; index < high; index += 1) wanted.add(index);
    }
    return wanted;
  }

  function drawHeadings(wanted, ordered) {
    const keys = new Set([...wanted].map((section) => section.key));
    for (const [key, heading] of headings) if (!keys.has(key)) { heading.element.remove(); headings.delete(key); }
    for (const section of wanted) {
      if (!section.label || headings.has(section.key)) continue;
      const heading = headingOf(section, mayChoose ? () => choice.section(section) : null, count(section.count));
      heading.element.style.transform = `translateY(${section.y}px)`;
      headings.set(section.key, heading);
      const first = ordered.find((index) => index >= section.first);
      element.insertBefore(heading.element, tiles.get(first).element);
      heading.mark(wholly(section));
    }
  }

  /** In the order of the list, which is the order in which it is read aloud. */
  function drawTile(index) {
    const { x, y } = spot(layout, index);
    const tile = spares.pop() ?? tileOf({ mayChoose });
    tile.blank();
    tile.element.style.transform = `translate(${x}px, ${y}px)`;
    tile.element.dataset.index = index;
    tile.tabbable(index === current);
    const before = tiles.get(index - 1)?.element;
    const after = before ? null : Math.min(...[...tiles.keys()].filter((each) => each > index));
    tiles.set(index, tile);
    if (before) before.after(tile.element);
    else element.insertBefore(tile.element, tiles.get(after)?.element ?? null);
    show(index);
  }

  function show(index) {
    const tile = tiles.get(index);
    const item = itemAt(index);
    if (tile && item && tile.item !== item) tile.show(item, open(item, index), selection.has(item.id));
  }

  /** The page that an index is on; its items are those from `first` on, before `end`. */
  function pageOf(index) {
    const section = sectionOf(layout, index);
    const from = Math.floor((index - section.first) / PAGE) * PAGE;
    const first = section.first + from;
    return { name: `${section.key}/${from}`, section, from, first, end: Math.min(first + PAGE, section.first + section.count) };
  }

  function itemAt(index) {
    if (index < 0 || index >= layout.total) return null;
    const { name, first } = pageOf(index);
    return pages.get(name)?.items?.[index - first] ?? null;
  }

  function itemsOf(page) {
    return pages.get(page.name)?.items ?? fetchPage(page);
  }

  function fetchMissing() {
    const missing = new Map([...tiles.keys()].filter((index) => index < layout.total).map((index) => [pageOf(index).name, pageOf(index)]));
    for (const [name, page] of missing) if (!(pages.get(name)?.until > Date.now())) fetchPage(page);
  }

  /** Ask anew for the pages of what is drawn and of which `mayDiffer(item)` says that it may be otherwise by now. */
  function refresh(mayDiffer) {
    const stale = new Map([...tiles].filter(([, tile]) => tile.item && mayDiffer(tile.item)).map(([index]) => [pageOf(index).name, pageOf(index)]));
    return Promise.all([...stale.values()].map(fetchPage));
  }

  function fetchPage({ name, section, from }) {
    const page = { items: pages.get(name)?.items, until: Date.now() + FRESH_MS };
    pages.set(name, page);
    return source.load(section.key, from, signal).then((items) => {
      page.items = items;
      if (source.grows) { place(); schedule(); }
      for (const index of tiles.keys()) show(index);
      letGo();
      return items;
    }).catch((error) => {
      // What is there stays: that it could not be asked anew is no news to anybody.
      if (page.items) return page.items;
      pages.delete(name);
      complain(error);
      return [];
    });
  }

  function letGo() {
    const kept = new Set([...tiles.keys()].map((index) => pageOf(index).name));
    for (const [name, page] of pages) if (pages.size > MOST_PAGES && page.items && !kept.has(name)) pages.delete(name);
  }

  function place() {
    layout = arrange(source.sections, element.clientWidth || innerWidth);
    bar = document.querySelector(".bar")?.offsetHeight ?? 0;
    element.style.height = `${layout.height}px`;
    element.style.setProperty("--tile", `${layout.tile}px`);
    current = Math.max(0, Math.min(current, layout.total - 1));
  }

  /** Draw all anew, as the width or the sections changed. */
  function rebuild() {
    const before = at();
    for (const each of [...tiles.values(), ...headings.values()]) each.element.remove();
    tiles.clear();
    headings.clear();
    place();
    if (before) restore(before);
    drawnAt = scrollY - top;
    draw();
  }

  function at() {
    if (!layout.total) return null;
    const begin = Math.max(0, began() + bar);
    const section = sectionAt(layout, begin);
    const row = Math.max(0, Math.floor((begin - section.y - section.head) / layout.step));
    return { key: section.key, label: section.label, from: Math.min(section.count, row * layout.columns), rest: begin - section.y - row * layout.step, scrolled: scrollY > 0 };
  }

  /** To what `at` answered before, even when the rows are of other lengths now. */
  function restore({ key, from, rest, scrolled }) {
    const section = layout.sections.find((each) => each.key === key);
    top = element.getBoundingClientRect().top + scrollY;
    if (section && scrolled) scrollTo(0, top - bar + section.y + Math.floor(from / layout.columns) * layout.step + rest);
    // To where the page is already scrolled tells nobody, and what is drawn may be another place's.
    schedule();
  }

  function goTo(key, from = 0) {
    restore({ key, from, rest: 0, scrolled: true });
  }

  function focus(index) {
    if (!layout.total) return;
    tiles.get(current)?.tabbable(false);
    current = Math.max(0, Math.min(layout.total - 1, index));
    const { y } = spot(layout, current);
    const high = began() + bar + HEADING;
    const low = began() + innerHeight - layout.tile - 90;
    if (y < high) scrollTo(0, Math.max(0, top + y - bar - HEADING));
    else if (y > low) scrollTo(0, top + y - innerHeight + layout.tile + 90);
    if (!tiles.has(current)) drawTile(current);
    tiles.get(current).tabbable(true);
    tiles.get(current).focus();
  }

  function tell() {
    for (const tile of tiles.values()) if (tile.item) tile.choose(selection.has(tile.item.id));
    for (const [key, heading] of headings) heading.mark(wholly(layout.sections.find((each) => each.key === key)));
    element.classList.toggle("choosing", selection.size > 0);
    chosen(selection);
  }

  const indexOf = (event) => Number(event.target.closest(".tile")?.dataset.index ?? Number.NaN);

  function clicked(event) {
    const index = indexOf(event);
    if (Number.isNaN(index)) return;
    const isPlain = !event.metaKey && !event.ctrlKey;
    if (event.target.closest(".pick")) choice.one(index, event.shiftKey);
    else if (selection.size && isPlain) { event.preventDefault(); choice.one(index, event.shiftKey); }
    else if (isPlain && itemAt(index)) opened(itemAt(index), index);
  }

  function focused(event) {
    const index = indexOf(event);
    if (Number.isNaN(index) || index === current) return;
    tiles.get(current)?.tabbable(false);
    current = index;
    tiles.get(index)?.tabbable(true);
  }

  function pressed(event) {
    const index = indexOf(event);
    if (Number.isNaN(index) || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(innerHeight / layout.step) - 1) * layout.columns;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -layout.columns, ArrowDown: layout.columns, PageUp: -page, PageDown: page, Home: -index, End: layout.total };
    if (event.key in steps) {
      event.preventDefault();
      focus(index + steps[event.key]);
      if (event.shiftKey) choice.reach(index, current);
    } else if (event.key === " ") {
      event.preventDefault();
      choice.one(index, event.shiftKey);
    } else if (event.key === "Escape") choice.clear();
  }

  element.addEventListener("click", clicked);
  element.addEventListener("focusin", focused);
  element.addEventListener("keydown", pressed);
  addEventListener("scroll", schedule, { passive: true, signal });
  let wide = 0;
  const watch = new ResizeObserver(() => {
    if (element.clientWidth !== wide) { wide = element.clientWidth; rebuild(); }
  });
  signal.addEventListener("abort", () => watch.disconnect());

  return {
    element, rebuild, refresh, at, restore, goTo, focus, clear: choice.clear, chosen: selection,
    start: () => { wide = element.clientWidth; rebuild(); watch.observe(element); },
    layout: () => layout,
    item: async (index) => {
      if (index < 0 || index >= layout.total) return null;
      if (!itemAt(index)) await fetchPage(pageOf(index));
      return itemAt(index);
    },
    indexOf: (id) => [...tiles].find(([, tile]) => tile.item?.id === id)?.[0] ?? -1,
  };
}
