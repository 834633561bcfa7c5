/** The library: everything by its date, narrowed by filters, chosen, sorted and thrown away. */

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { selectionBar } from "../library/bar.js";
import { back, leave } from "../library/place.js";
import { scrubber } from "../library/scrubber.js";
import { asked, idAt, ignored, sourceOf } from "../library/source.js";
import { every } from "../live.js";
import { filters } from "../parts/filters.js";
import { grid } from "../parts/grid.js";
import { isUnderWay } from "../parts/tile.js";
import { map } from "../parts/map.js";
import { empty, failed, waiting } from "../parts/states.js";
import { follow } from "../parts/trail.js";
import { go, here, link } from "../router.js";
import * as session from "../session.js";
import { count } from "../words.js";

export const title = "Library";
export const styles = ["grid.css", "picture.css", "filters.css", "map.css", "library.css"];

const NAMES = ["kind", "tags", "camera", "cluster", "collection", "from", "to", "has_place", "rating", "duplicates", "state", "bbox"];
const LOOK_MS = 15_000;
const UNDER_WAY_MS = 3000;
const MOST_FAILED = 20;

let changed = null;

export function update(route) {
  if (!changed) return false;
  changed(route.query);
  return true;
}

export async function show(place, route, signal) {
  let query = route.query;
  let source = null;
  let shown = null;
  let drawnFor = null;
  let inner = null;
  const heading = h("h1", { tabindex: "-1" }, "Library");
  const total = h("span", { class: "quiet total", role: "status" });
  const troubles = h("span", { class: "troubles" });
  const mapButton = h("button", { type: "button", "aria-pressed": "false", on: { click: toggleMap } }, "Map");
  const bar = filters({ names: NAMES, change: narrow, off: (name) => ignored(query).includes(name), signal });
  const where = h("div", { class: "where" });
  const body = h("div", { class: "shelf" });
  const selection = selectionBar({ shown: () => shown, inTrash: () => query.get("state") === "trash", again: readOn, signal });
  let seen = null;

  fill(place, h("div", { class: "head" }, heading, total, troubles, mapButton), bar.element, where, body, selection.element);
  changed = (next) => {
    query = next;
    countFailed().catch(() => {});
    shown?.clear();
    tell();
    read();
  };
  signal.addEventListener("abort", () => {
    changed = null;
    document.documentElement.classList.remove("selecting");
  });
  tell();
  await read();
  every(LOOK_MS, lookAgain, signal);
  every(LOOK_MS, countFailed, signal);
  every(UNDER_WAY_MS, async () => { await shown?.refresh(isUnderWay); }, signal);

  function narrow(next) {
    go(link("library", null, Object.fromEntries([...new Set(next.keys())].map((name) => [name, next.getAll(name)]))));
  }

  function toggleMap() {
    const next = new URLSearchParams(query);
    if (next.has("map")) { next.delete("map"); next.delete("bbox"); } else next.set("map", "1");
    narrow(next);
  }

  function tell() {
    bar.show(query);
    const isMapped = query.has("map");
    mapButton.setAttribute("aria-pressed", String(isMapped));
    if (isMapped && !seen) {
      seen = map({ load: spots, pick: (spot) => pickSpot(spot), signal, label: "Where it was taken" });
      fill(where, seen.element);
      seen.start(query.get("bbox")?.split(",").map(Number));
    } else if (!isMapped && seen) {
      fill(where);
      seen = null;
    } else seen?.refresh();
  }

  async function spots({ bbox, zoom }, stop) {
    const { items } = await get("/map", { ...asked(query), bbox, zoom }, { signal: stop });
    return items;
  }

  function pickSpot({ bbox }) {
    const next = new URLSearchParams(query);
    next.set("bbox", bbox.join(","));
    seen.fit(...bbox);
    narrow(next);
  }

  /** What the address says, from the beginning; where one was is kept if that is still there. */
  async function read() {
    inner?.abort();
    inner = new AbortController();
    const stop = AbortSignal.any([signal, inner.signal]);
    if (!shown) fill(body, waiting());
    try {
      source = await sourceOf(query, stop);
    } catch (error) {
      if (error.name !== "AbortError") fill(body, failed(error, read));
      return;
    }
    // What was chosen under other filters may be out of sight here.
    if (!stop.aborted) draw(stop, shown && { at: shown.at(), chosen: drawnFor === query ? shown.chosen : [] });
  }

  /** After something was done with what was chosen: the bar that had the focus is gone by then. */
  async function readOn() {
    await read();
    if (document.activeElement === document.body) heading.focus({ preventScroll: true });
  }

  function draw(stop, kept) {
    const number = source.sections.reduce((sum, section) => sum + section.count, 0);
    total.textContent = source.uncounted ? "" : count(number);
    drawnFor = query;
    if (!number) {
      shown = null;
      selection.update(new Set());
      fill(body, nothing());
      return;
    }
    const dates = { element: null };
    shown = grid({
      source, signal: stop, label: "Objects by date", mayChoose: session.may("uploader"),
      open: (item) => link("objects", item.id),
      opened,
      chosen: selection.update,
      moved: (at) => dates.place?.(at),
    });
    fill(body, shown.element);
    for (const id of kept?.chosen ?? []) shown.chosen.add(id);
    shown.start();
    if (!source.grows) {
      Object.assign(dates, scrubber(shown, stop));
      body.append(dates.element);
      dates.build();
    }
    if (kept?.at) shown.restore(kept.at);
    else goBack();
    dates.place?.(shown.at());
    selection.update(shown.chosen);
  }

  function opened(item, index) {
    leave(shown.at(), index);
    follow({ address: location.hash, index, id: idAt(source) });
  }

  function goBack() {
    const before = back();
    if (!before) return;
    shown.restore(before.at);
    shown.focus(before.index);
  }

  /** What has come meanwhile is shown when nobody is in the middle of something. */
  async function lookAgain() {
    if (source?.grows) await shown?.refresh(() => true);
    else if (shown) await shown.refresh((item) => item.status === "failed");
    if (source?.grows || scrollY > 10 || shown?.chosen.size || shown?.element.querySelector(":focus-visible") || document.querySelector("dialog[open]")) return;
    const now = await sourceOf(query, signal);
    const same = (one, other) => one.length === other.length && one.every(({ key, count: many }, at) => key === other[at].key && many === other[at].count);
    if (!same(now.sections, source?.sections ?? []) && here().name === "library") await read();
  }

  /** What has failed is easily not seen among so much, and what intake could not read is in no month. */
  async function countFailed() {
    if (query.get("state") === "failed") {
      fill(troubles, session.may("admin") && h("a", { class: "chip", href: link("operations", null, { tab: "failures" }) }, "By reason"));
      return;
    }
    const { items, next_cursor: more } = await get("/objects", { status: "failed", limit: MOST_FAILED }, { signal });
    const words = `${count(items.length)}${more ? " and more" : ""} failed`;
    if (troubles.textContent === words || query.get("state") === "failed") return;
    fill(troubles, items.length > 0 && h("a", { class: "chip bad", href: link("library", null, { state: "failed" }) }, words));
  }

  function nothing() {
    const isNarrowed = NAMES.some((name) => query.has(name));
    if (query.get("state") === "trash") return empty("The trash is empty", h("p", {}, "What is moved to the trash can be restored from here."));
    return isNarrowed
      ? empty("Nothing matches these filters", h("button", { type: "button", on: { click: () => narrow(new URLSearchParams()) } }, "Show everything"))
      : empty("Nothing here yet", h("p", {}, "Drop photos, videos, sounds, JSON or anything else."), h("a", { class: "button", href: "#/upload" }, "Upload files"));
  }
}
