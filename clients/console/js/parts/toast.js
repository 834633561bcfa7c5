/** A short word at the foot of the page, with at most one thing to do about it. */

import { h } from "../dom.js";

const SECONDS = 8;

/** `action` is `{label, run}`, such as an undo. A toast with one stays until it is used or closed. */
export function toast(text, { action = null, bad = false } = {}) {
  const place = document.getElementById("toasts");
  const close = () => shown.remove();
  const shown = h("div", { class: `toast${bad ? " bad" : ""}` }, h("span", {}, text),
    action && h("button", { type: "button", on: { click: () => { close(); action.run(); } } }, action.label),
    h("button", { type: "button", class: "plain", "aria-label": "Close", on: { click: close } }, "✕"));
  place.append(shown);
  while (place.children.length > 3) place.firstElementChild.remove();
  if (!action && !bad) setTimeout(close, SECONDS * 1000);
}

/** What went wrong, as the server said it. An abort is nobody's fault and shows nothing. */
export function complain(error) {
  if (error.name === "AbortError") return;
  toast(error.message, { bad: true });
}
