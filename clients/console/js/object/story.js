/** What happened to an object, as sentences. */

import { get, items } from "../api.js";
import { h } from "../dom.js";
import { moment } from "../words.js";

const STAGES = {
  intake: ["Its bytes were read and checked", "reading its bytes"],
  embed: ["Its previews were made, and a model looked at them", "looking at it"],
  cluster: ["It was sorted into a cluster with what looks alike", "sorting it into a cluster"],
  tag: ["Tags were given by what the model saw", "giving it tags"],
  caption: ["A caption was written", "writing a caption"],
  schema: ["The structure of its JSON was read", "reading the structure of its JSON"],
};
const EVENTS = {
  "asset.announced": "An upload of it was announced",
  "asset.dropped": "It was dropped into the bucket",
  "asset.already_stored": "It was announced; its bytes were here already, so nothing was sent",
  "asset.ready": "It was ready",
  "asset.duplicate": "It turned out to have the very bytes of another object, which stands for it",
  "asset.failed": "It failed",
  "asset.changed_by_hand": "Its tags, comments or rating were changed by hand",
  "asset.confirmed_duplicate": "Somebody said that it is the same picture as another",
  "asset.undid_duplicate": "That it is the same picture as another was taken back",
  "asset.trashed": "It was moved to the trash",
  "asset.restored": "It was restored from the trash",
  "asset.purge_began": "Its erasing began",
  "asset.purged": "It was erased",
  "upload.aborted": "Its upload was given up",
  "upload.expired": "Its bytes never came, so its upload ended",
};
const BY_HAND = "asset.changed_by_hand";
const SITTING_MS = 600_000;
const doing = (stage) => STAGES[stage]?.[1] ?? `the stage “${stage}”`;
const STAGE_EVENTS = {
  "stage.done": (stage) => STAGES[stage]?.[0] ?? `The stage “${stage}” was done`,
  "stage.failed": (stage) => `There was a problem while ${doing(stage)}`,
  "stage.dead": (stage) => `Every attempt at ${doing(stage)} failed`,
  "stage.replayed": (stage) => `Somebody asked for ${doing(stage)} again`,
  "stage.redriven": (stage) => `An operator set ${doing(stage)} going again`,
};

/** Who did it, in a word: nobody is named whose key is all that is known. */
function by(actor) {
  if (actor.startsWith("key:")) return "with a key";
  if (actor.startsWith("drop")) return "by a drop";
  return actor.startsWith("function:") || actor === "mammothbox" ? null : `by ${actor}`;
}

/** One line for each thing; a stage that began and ended well is one, with how long it took. */
export function sentences(entries) {
  const began = new Map();
  const told = [];
  for (const entry of entries) {
    const work = `${entry.stage}/${entry.attempt}`;
    if (entry.event === "stage.started") {
      began.set(work, entry);
      continue;
    }
    const start = began.get(work);
    const took = start ? Math.max(1, new Date(entry.at) - new Date(start.at)) : null;
    began.delete(work);
    const line = { at: entry.at, text: sentence(entry), aside: aside(entry, took), bad: /failed|dead/.test(entry.event), good: entry.event === "asset.ready" };
    // What is written saves itself as it grows: that is told once.
    if (entry.event === BY_HAND && isOneSitting(told.at(-1), line)) told.pop();
    told.push(line);
  }
  for (const { at, stage } of began.values()) told.push({ at, text: `Work began on ${doing(stage)}`, aside: "and is not done yet" });
  return told;
}

const isOneSitting = (before, line) => before?.text === line.text && before.aside === line.aside && new Date(line.at) - new Date(before.at) < SITTING_MS;

function sentence({ event, stage, detail }) {
  const text = stage && STAGE_EVENTS[event] ? STAGE_EVENTS[event](stage) : EVENTS[event] ?? event.replaceAll(/[._]/g, " ");
  return detail?.code ? `${text}: ${detail.code.replaceAll("_", " ")}` : text;
}

function aside({ event, attempt, actor }, took) {
  return [
    by(actor),
    attempt > 1 && event.startsWith("stage.") ? `attempt ${attempt}` : null,
    took && event === "stage.done" ? `${took < 1000 ? `${took} ms` : `${(took / 1000).toFixed(1)} s`}` : null,
  ].filter(Boolean).join(", ");
}

/** What people decided about where it belongs, which is on record with its cluster. */
async function decisions(id, cluster, signal) {
  if (!cluster) return [];
  const { items: decided } = await get("/decisions", { cluster, limit: 200 }, { signal });
  return decided.filter(({ detail }) => detail.asset === id).map(({ at, actor, undone_by: undone }) => ({
    at, text: "Somebody moved it to another cluster", aside: [by(actor), undone && "taken back since"].filter(Boolean).join(", "),
  }));
}

/** The whole of it, with the records themselves below. `cluster` is the id of the one it is in. */
export async function story(id, cluster, signal) {
  const decided = await decisions(id, cluster, signal);
  const entries = [];
  for await (const entry of items(`/objects/${encodeURIComponent(id)}/lineage`, { limit: 200 }, { signal })) entries.push(entry);
  const told = [...sentences(entries), ...decided].sort((one, other) => new Date(one.at) - new Date(other.at));
  let day = null;
  return h("div", { class: "stack" },
    h("ol", { class: "story" }, told.map(({ at, text, aside: rest, bad, good }) => {
      const when = moment(at);
      const isNew = when !== day;
      day = when;
      return h("li", { class: bad ? "bad" : good ? "good" : null },
        h("time", { datetime: at, class: "quiet small" }, isNew ? when : ""), h("span", {}, `${text}.`, rest && h("span", { class: "quiet small" }, ` ${rest}`)));
    })),
    h("details", {}, h("summary", {}, "The records themselves"),
      h("div", { class: "scroll-x", tabindex: "0", role: "region", "aria-label": "Records" }, h("pre", { class: "small" },
        entries.map((each) => `${JSON.stringify(each)}\n`).join("")))));
}
