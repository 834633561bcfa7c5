/** One object in a grid: its picture, what it is, and a box to choose it. */

import { fill, h, svg } from "../dom.js";
import { count, day, duration, several } from "../words.js";

const TICK = "M5 12.5 10 17 19 7.5";
const WARNING = "M12 4 2.5 20.5h19zM12 10v5m0 2.5v.5";
const CLOCK = "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 4v5l3.5 2";
const STATES = {
  failed: { short: "failed", look: "bad", drawing: WARNING },
  queued: { short: "waiting", long: "waiting to be looked at", drawing: CLOCK },
  processing: { short: "processing", long: "being looked at", drawing: CLOCK },
  awaiting_upload: { short: "not arrived", look: "warn", drawing: CLOCK },
  duplicate: { short: "duplicate", long: "exact duplicate" },
};
const SIGNS = { json: "{ }", audio: "♪", video: "▶", other: "☰", image: "▦" };

/** What it is called where there is no room for more. */
const nameOf = (item) => item.filename || item.caption || (item.kind === "json" ? item.collection || "JSON" : "Unnamed");

/** How it stands when it is not simply there: `{short, long?, look?, drawing?}`, or `null`. */
function standing(item) {
  if (item.trashed_at) return { short: "in the trash" };
  if (STATES[item.status]) return STATES[item.status];
  const refused = item.documents_refused;
  return refused ? { short: `${count(refused)} refused`, long: several(refused, "document refused", "documents refused"), look: "warn", drawing: WARNING } : null;
}

/** Whether there is more to come: it is looked at, or is yet to be. */
export const isUnderWay = (item) => ["queued", "processing", "awaiting_upload"].includes(item?.status);

/** Everything a picture says to who sees it, for who does not. */
export function told(item) {
  const stands = standing(item);
  // By the clock where it was taken, as the months are: another zone may have another day.
  const when = item.taken_at ? item.taken_at.slice(0, 10) : item.created_at;
  return [nameOf(item), item.kind ?? "file", stands && (stands.long ?? stands.short), item.duration_ms ? duration(item.duration_ms) : null, when ? day(when) : null]
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
    const isSame = tile.item?.id === item.id && before?.complete && before.naturalWidth > 0 && told(tile.item) === told(item);
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
  const stands = standing(item);
  return [
    item.thumbnail && h("img", { src: item.thumbnail, alt: "", decoding: "async", draggable: "false", class: item.kind === "audio" ? "wave" : null }),
    !item.thumbnail && h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[item.kind] ?? SIGNS.other),
    !isPicture && h("span", { class: "name" }, nameOf(item)),
    stands && h("span", { class: `badge ${stands.look ?? ""}`.trim() },
      stands.drawing && svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: stands.drawing })), stands.short),
    !stands && item.duration_ms && h("span", { class: "badge" }, `${SIGNS[item.kind] ?? ""} ${duration(item.duration_ms)}`),
  ];
}

/** The heading of a section; `all` chooses everything in it. `mark` tells whether all of it is. */
export function headingOf(section, all, words) {
  const button = all && h("button", { type: "button", class: "plain small", "aria-pressed": "false", on: { click: all } }, "Choose all");
  const element = h("div", { class: "month" }, h("h2", {}, section.label), h("span", { class: "quiet small" }, words), button);
  return { element, mark: (yes) => button?.setAttribute("aria-pressed", String(yes)) };
}
