/** The stages of an object: how far each is, why one failed, and another try. */

import { post } from "../api.js";
import { h } from "../dom.js";
import { state } from "../parts/states.js";
import { complain, toast } from "../parts/toast.js";
import * as session from "../session.js";

const length = (ms) => (ms === null ? "" : ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`);

export const mayReplay = (object) => session.may("uploader") && !object.trashed_at && object.stages.length > 0;

/** Run these stages again; without any, what failed or, if nothing did, all. */
export async function replay(object, stages, again) {
  try {
    const { replayed } = await post(`/objects/${object.system_id}/replay`, stages ? { stages } : {});
    toast(`Queued again: ${[...new Set(replayed.map(({ name }) => name))].join(", ")}.`);
    await again();
  } catch (error) {
    complain(error);
  }
}

export function work(object, again) {
  const ended = (stage) => ["done", "failed", "dead", "skipped"].includes(stage.state);
  return h("section", { class: "card stack" },
    h("div", { class: "row" }, h("h2", {}, "Stages"), mayReplay(object) && object.stages.some(ended) && h("button", { type: "button", class: "replay", on: { click: () => replay(object, null, again) } },
      object.stages.some(({ state: now }) => ["failed", "dead"].includes(now)) ? "Try what failed again" : "Run all again")),
    object.stages.length === 0 && h("p", { class: "quiet" }, "None yet: its bytes have not arrived."),
    h("ul", { class: "stages" }, object.stages.map((stage) => h("li", {},
      h("div", { class: "row" }, h("strong", {}, stage.name), stage.space && h("span", { class: "quiet small" }, stage.space), stage.part ? h("span", { class: "quiet small" }, `part ${stage.part}`) : null,
        state(stage.state), h("span", { class: "quiet small" }, [length(stage.ms), stage.attempt > 1 ? `attempt ${stage.attempt}` : ""].filter(Boolean).join(", ")),
        mayReplay(object) && ended(stage) && h("button", { type: "button", class: "plain small replay", "aria-label": `Run ${stage.name} again`, title: "Run again", on: { click: () => replay(object, [stage.name], again) } }, "↻")),
      stage.error && h("p", { class: "small bad" }, `${stage.error.detail} (${stage.error.code})`, stage.error.retryable ? " It is tried again." : "")))));
}
