/** Files dropped anywhere on the page. An element with `data-drop` takes what is dropped on it itself. */

import { h } from "./dom.js";

/** Watch for drops. `may` says whether they are welcome, `receive` gets what `carried` answers. */
export function watch(may, receive) {
  const veil = h("div", { class: "veil", "aria-hidden": "true", hidden: true }, h("p", {}, "Drop to upload"));
  document.body.append(veil);
  const isOurs = (event) => event.dataTransfer?.types.includes("Files") && !event.target.closest?.("[data-drop]") && may();
  const welcome = (event) => {
    veil.hidden = !isOurs(event);
    if (veil.hidden) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  };
  // What is under the pointer may change while it rests: then there is another enter, and no over.
  document.addEventListener("dragenter", welcome);
  document.addEventListener("dragover", welcome);
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) veil.hidden = true;
  });
  document.addEventListener("drop", (event) => {
    veil.hidden = true;
    if (!isOurs(event)) return;
    event.preventDefault();
    receive(carried(event.dataTransfer));
  });
}

/**
 * What a transfer carries, as `{file, entry, handle}`: it has to be asked before the event is over.
 * `entry` tells folders from files; `handle` is a promise of what the browser lets us keep, or `null`.
 */
export function carried(transfer) {
  return [...transfer.items].filter((item) => item.kind === "file").map((item) => ({
    file: item.getAsFile(),
    entry: item.webkitGetAsEntry?.() ?? null,
    handle: item.getAsFileSystemHandle?.().catch(() => null) ?? null,
  }));
}
