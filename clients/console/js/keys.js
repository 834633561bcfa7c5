/** The keyboard everywhere: `/` searches, `g` and a letter goes somewhere, `?` tells about it. */

import { h } from "./dom.js";
import * as dialog from "./parts/dialog.js";
import { ROOMS } from "./rooms.js";
import { go, link } from "./router.js";
import * as session from "./session.js";

const PATIENCE_MS = 1200;

/** Watch the keyboard for as long as the page lives; `search` is the box that `/` leads to. */
export function watch(search) {
  let leaping = 0;
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input, textarea, select, [contenteditable]");
    const isElsewhere = !session.key() || document.querySelector("dialog[open]");
    if (isTyping || isElsewhere || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === "/") {
      event.preventDefault();
      search.focus();
    } else if (event.key === "?") {
      event.preventDefault();
      tell();
    } else if (event.key === "g") {
      leaping = Date.now();
    } else if (Date.now() - leaping < PATIENCE_MS) {
      leaping = 0;
      const room = mine().find((each) => each.letter === event.key);
      if (room) {
        event.preventDefault();
        event.stopImmediatePropagation();
        go(link(room.name));
      }
    }
  }, { capture: true });
}

const mine = () => ROOMS.filter((room) => session.may(room.role));

function tell() {
  const told = [["/", "Search"], ["?", "These shortcuts"], ["Esc", "Close what is open"], ["Ctrl z", "Take back what was done last"], ...mine().map((room) => [`g ${room.letter}`, room.label])];
  dialog.show("Keyboard", h("dl", { class: "shortcuts" }, told.map(([keys, what]) => h("div", {},
    h("dt", {}, keys.split(" ").map((key) => h("kbd", {}, key))), h("dd", {}, what)))));
}
