/** How states are shown everywhere: the same word, the same colour. */

import { h } from "../dom.js";
import { ROOMS } from "../rooms.js";
import { here, link } from "../router.js";

const LOOK = {
  ready: "good", done: "good", active: "good", approved: "good", confirmed: "good", duplicate: "good",
  failed: "bad", dead: "bad", rejected: "bad",
  awaiting_upload: "warn", misfit: "warn", proposed: "warn", provisional: "warn",
};

/** A state as a chip; words with underscores lose them. */
export function state(name) {
  return h("span", { class: `chip ${LOOK[name] ?? ""}`.trim() }, name.replaceAll("_", " "));
}

/** Where something will be shown once it is there. */
export const waiting = (text = "Loading") => h("div", { class: "waiting", role: "status" }, h("span", { class: "unseen" }, text));

/** Nothing there, and what to do about it. */
export function empty(title, ...rest) {
  return h("div", { class: "empty" }, h("h2", {}, title), rest);
}

/**
 * What went wrong, in the place of what should be shown, with a way to try again. When it was that
 * nobody answered, it is tried again as soon as somebody does.
 */
export function failed(error, again) {
  if (error.status === 404 && here().id) return missing(error.message);
  const notice = h("div", { class: "notice bad stack", role: "alert" }, h("p", {}, error.message),
    again && h("div", {}, h("button", { type: "button", on: { click: () => again() } }, "Try again")));
  if (error.status === 0 && again) addEventListener("mammothbox:reachable", () => notice.isConnected && again(), { once: true });
  return notice;
}

/** What the address names is not there, and trying again brings it no nearer: the way back. */
export function missing(text) {
  const room = ROOMS.find(({ name }) => name === here().name) ?? ROOMS.find(({ name }) => name === "library");
  const heading = document.querySelector("main h1") ? "h2" : "h1";
  return h("div", { class: "empty", role: "alert" }, h(heading, {}, "Nothing is here"), h("p", {}, text),
    h("a", { class: "button", href: link(room.name) }, `Back to ${room.label.toLowerCase()}`));
}
