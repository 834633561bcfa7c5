/** Questions that have to be answered before anything else is done. The browser keeps the focus inside. */

import { h } from "../dom.js";
import { isComposing } from "./composing.js";

let made = 0;
const asking = () => document.querySelector("dialog[open] > form")?.parentElement ?? null;

/**
 * Ask with a form. `fields` are elements whose named inputs are read; answers their values as an
 * object (files and repeated names aside), or `null` when the person thinks better of it. Who
 * pressed twice, before what is asked about had come, is asked once.
 */
export function askFor(title, fields, { answer = "OK", danger = false } = {}) {
  if (asking()) return Promise.resolve(null);
  return new Promise((done) => {
    const name = `dialog-${++made}`;
    const form = h("form", { method: "dialog" },
      h("h2", { id: name }, title),
      fields,
      h("div", { class: "answers" },
        h("button", { type: "submit", value: "cancel", formnovalidate: true }, "Cancel"),
        h("button", { type: "submit", value: "ok", class: danger ? "danger" : "main" }, answer)));
    const dialog = h("dialog", { "aria-labelledby": name }, form);
    // Enter answers; without this the first button would.
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !isComposing(event) && event.target.matches("input:not([type=checkbox], [type=radio])")) {
        event.preventDefault();
        form.requestSubmit(form.querySelector('[value="ok"]'));
      }
    });
    dialog.addEventListener("close", () => {
      const said = dialog.returnValue === "ok" ? Object.fromEntries(new FormData(form)) : null;
      dialog.remove();
      done(said);
    });
    document.body.append(dialog);
    dialog.showModal();
    form.querySelector("input, select, textarea")?.focus();
  });
}

/**
 * Ask, and `send` what was said. While that fails, ask again, with what was written and why it failed,
 * after whatever else is being asked by then; once `signal` has aborted nothing is asked any more, and
 * it throws. `fields(said)` makes the fields with what they held before. Answers what `send` did, or `null`.
 */
export async function askAndSend(title, fields, send, { signal, ...options }) {
  let said = {};
  let problem = null;
  for (;;) {
    said = await askFor(title, [fields(said), problem && h("p", { class: "bad", role: "alert" }, problem)], options);
    if (said === null) return null;
    try {
      return await send(said);
    } catch (error) {
      for (let other = asking(); other && !signal.aborted; other = asking()) await closed(other);
      if (signal.aborted) throw error;
      problem = error.message;
    }
  }
}

const closed = (dialog) => new Promise((done) => { dialog.addEventListener("close", done, { once: true }); });

/** Whether the person wants it done. Say what happens, and whether it can be undone. */
export async function confirm(title, text, { answer = "OK", danger = false } = {}) {
  return (await askFor(title, h("p", {}, text), { answer, danger })) !== null;
}

/**
 * Show something until it is closed; a click beside it does that, too, unless it `stays`. Answers a
 * function that closes it. What `stays` outlasts the view, too: it may be told this once.
 */
export function show(title, content, { wide = false, stays = false } = {}) {
  const name = `dialog-${++made}`;
  const dialog = h("dialog", { "aria-labelledby": name, class: [wide && "wide", stays && "stays"].filter(Boolean).join(" ") },
    h("div", { class: "stack" },
      h("h2", { id: name }, title),
      content,
      h("div", { class: "answers" }, h("button", { type: "button", on: { click: () => dialog.close() } }, "Close"))));
  dialog.addEventListener("close", () => dialog.remove());
  // A text that is marked with the pointer, which is let go beside it, ends in a click there, too.
  let pressed = null;
  dialog.addEventListener("pointerdown", (event) => { pressed = event.target; });
  dialog.addEventListener("click", (event) => !stays && pressed === dialog && event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return () => dialog.close();
}
