/** What one worker gave up: messages nobody could deal with, and stages that spent their attempts. */

import { get, remove } from "../api.js";
import { h } from "../dom.js";
import { confirm } from "../parts/dialog.js";
import { onChange, redraw } from "../parts/redraw.js";
import { waiting } from "../parts/states.js";
import { cards } from "../parts/table.js";
import { complain, toast } from "../parts/toast.js";
import { ago, count, moment, several } from "../words.js";

/** `{element, look}`: a section about the worker, and what looks again; `changed` hears of what was done. */
export function deadIn(name, { signal, close, changed }) {
  const body = h("div", {}, waiting());
  const element = h("section", { class: "stack", "aria-label": `Dead letters of ${name}` },
    h("div", { class: "row" }, h("h2", { tabindex: "-1" }, `Dead letters of ${name}`), h("button", { type: "button", on: { click: close } }, "Close")), body);
  const look = onChange(() => get(`/admin/dlq/${encodeURIComponent(name)}`, {}, { signal }), (found) => redraw(body, letters(name, found, discard)));
  return { element, look };

  async function discard(message) {
    if (!(await confirm("Take this message away?", "It asks for no work that is known here, and would be given up again however often it is tried. Nothing is lost but its text.", { answer: "Take it away", danger: true }))) return;
    try {
      await remove(`/admin/dlq/${encodeURIComponent(name)}/${encodeURIComponent(message.id)}`, {}, { signal });
      toast("It is taken away.");
      await look();
      await changed();
    } catch (error) {
      complain(error);
    }
  }
}

function letters(name, found, discard) {
  if (!found.messages.length && !found.stages.length) return h("p", { class: "notice" }, "There are no dead letters here.");
  return h("div", { class: "stack" },
    found.messages.length > 0 && [h("h3", {}, several(found.messages.length, "message")), h("ul", { class: "plain-list stack" }, found.messages.map((message) => letter(message, discard)))],
    found.stages.length > 0 && [h("h3", {}, several(found.stages.length, "stage")), cards(`Dead stages of ${name}`, [
      { label: "Why", heads: true, cell: (one) => [one.error_detail || one.error_code, " ", h("code", { class: "small quiet" }, one.error_code)] },
      { label: "Owner", cell: (one) => one.owner },
      { label: "Object", cell: (one) => h("code", {}, one.asset_id) },
      { label: "Attempts", number: true, cell: (one) => count(one.attempt) },
      { label: "When", cell: (one) => h("time", { datetime: one.finished_at, title: moment(one.finished_at) }, ago(one.finished_at)) },
      { label: "Request", cell: (one) => h("code", {}, one.request_id) },
    ], found.stages)]);
}

function letter(message, discard) {
  return h("li", { class: "card stack tight" },
    !message.is_ours && h("p", { class: "row" }, "It asks for no work that is known here: trying it again will not help.",
      h("button", { type: "button", class: "danger", dataset: { key: `discard ${message.id}` }, "aria-label": `Take the message ${message.id} away`, on: { click: () => discard(message) } }, "Take it away…")),
    h("p", { class: "small quiet" }, `Sent ${ago(message.sent_at)}, received ${several(message.receives, "time")}`, message.asset_id && [", about ", h("code", {}, message.asset_id)]),
    h("details", { dataset: { key: message.id } }, h("summary", {}, h("span", { class: "unseen" }, `${message.id} `), "What it says"), h("pre", { class: "code", tabindex: "0" }, pretty(message.body))));
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
