/** One object in a grid: its picture, what it is, and a box to choose it. */

import { fill, h, svg } from "../dom.js";
import { day, duration } from "../words.js";

const TICK = "M5 12.5 10 17 19 7.5";
const SIGNS = { json: "{ }", audio: "♪", video: "▶", other: "☰", image: "▦" };

/** What it is called where there is no room for more. */
export const nameOf = (item) => item.filename || item.caption || (item.kind === "json" ? item.collection || "JSON" : "Unnamed");

/** Everything a picture says to who sees it, for who does not. */
export function told(item) {
  // By the clock where it was taken, as the months are: another zone may have another day.
  const when = item.taken_at ? `${item.taken_at.slice(0, 10)}T12:00` : item.created_at;
  return [nameOf(item), item.kind ?? "file", item.badge, item.duration_ms ? duration(item.duration_ms) : null, when ? day(when) : null]
    .filter(Boolean).join(", ");
}

/** A tile without an item yet; `show` puts one in, and it may be shown another later. */
export function tileOf({ mayChoose }) {
  const link = h("a", { class: "face", tabindex: "-1" });
  const pick = mayChoose
    ? h("button", { type: "button", class: "pick", role: "checkbox", "aria-checked": "false", tabindex: "-1", "aria-label": "Choose" },
      svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: TICK })))
    : null;
  const element = h("div", { class: "tile" }, link, pick);
  const tile = { element, item: null, blank, show, choose, tabbable, focus: () => link.focus({ preventScroll: true }) };

  /** For another item: nothing of the one before is seen or said. */
  function blank() {
    if (!tile.item) return;
    tile.item = null;
    link.removeAttribute("href");
    link.removeAttribute("aria-label");
    link.removeAttribute("title");
    link.replaceChildren();
    choose(false);
  }

  function show(item, address, isChosen) {
    const before = link.querySelector("img");
    const isSame = tile.item?.id === item.id && before?.complete && before.naturalWidth > 0;
    tile.item = item;
    link.href = address;
    link.setAttribute("aria-label", told(item));
    link.title = nameOf(item);
    pick?.setAttribute("aria-label", `Choose ${nameOf(item)}`);
    if (!isSame) fill(link, ...inside(item));
    choose(isChosen);
  }

  function choose(yes) {
    element.classList.toggle("chosen", yes);
    pick?.setAttribute("aria-checked", String(yes));
  }

  function tabbable(yes) {
    link.tabIndex = yes ? 0 : -1;
  }

  return tile;
}

function inside(item) {
  const isPicture = item.thumbnail && item.kind !== "audio";
  return [
    item.thumbnail && h("img", { src: item.thumbnail, alt: "", decoding: "async", draggable: "false", class: item.kind === "audio" ? "wave" : null }),
    !item.thumbnail && h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[item.kind] ?? SIGNS.other),
    !isPicture && h("span", { class: "name" }, nameOf(item)),
    (item.duration_ms || item.badge) && h("span", { class: "badge" },
      item.badge ?? `${SIGNS[item.kind] ?? ""} ${duration(item.duration_ms)}`),
  ];
}

/** The heading of a section; `all` chooses everything in it. `mark` tells whether all of it is. */
export function headingOf(section, all, words) {
  const button = all && h("button", { type: "button", class: "plain small", "aria-pressed": "false", on: { click: all } }, "Choose all");
  const element = h("div", { class: "month" }, h("h2", {}, section.label), h("span", { class: "quiet small" }, words), button);
  return { element, mark: (yes) => button?.setAttribute("aria-pressed", String(yes)) };
}
