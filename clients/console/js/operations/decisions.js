/** What people decided about clusters and duplicates, with a way back. */

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { every } from "../live.js";
import { empty } from "../parts/states.js";
import { cards } from "../parts/table.js";
import { complain, toast } from "../parts/toast.js";
import { undo } from "../parts/undo.js";
import { link } from "../router.js";
import { holder, may } from "../session.js";
import { ago, moment, several } from "../words.js";
import { onChange, redraw } from "../parts/redraw.js";

/** Each kind of act: how several of them are called, and what one of them says. */
const ACTS = {
  rename: ["names", (one) => `Named a cluster “${one.detail.name ?? ""}”`],
  confirm: ["confirmations", () => "Confirmed a cluster"],
  threshold: ["thresholds", (one) => `Set the threshold of a cluster to ${one.detail.threshold}; ${several(one.detail.left ?? 0, "member")} left`],
  merge: ["merges", (one) => `Merged ${several((one.detail.merged?.length ?? 0) + 1, "cluster")}, ${several(one.detail.moved ?? one.objects, "object")} moved`],
  split: ["splits", (one) => `Split a cluster: ${several(one.detail.moved ?? one.objects, "object")} went to ${several(one.detail.made?.length ?? 1, "new one", "new ones")}`],
  move: ["moves", () => "Moved an object to another cluster"],
  link: ["links", (one) => `Linked two objects: they ${one.detail.kind === "cannot" ? "cannot" : "must"} share a cluster`],
  unlink: ["removed links", () => "Removed a link between two objects"],
  confirm_duplicate: ["duplicates", () => "Said that two objects are one picture"],
  dismiss_duplicate: ["dismissed duplicates", () => "Said that two objects are different pictures"],
  undo: ["undos", (one) => `Undid: ${spaced(one.detail.undone ?? "a decision")}`],
};
const STATES = [["", "All"], ["standing", "Standing"], ["undone", "Undone"]];

const spaced = (action) => action.replaceAll(/[_.]/g, " ");
const says = (one) => ACTS[one.action]?.[1](one) ?? spaced(one.action);

/** The clusters and objects that a decision is about; those of another owner are shown to nobody else, so nothing leads there. */
function subjects(one, isForeign) {
  const shown = (room, id, text, name = null) => (isForeign ? h("span", { class: name }, text) : h("a", { class: name, href: link(room, id) }, text));
  const { asset, assets = [], halves = [], keep, yields } = one.detail;
  const objects = [asset, ...assets, ...halves, keep, yields].filter(Boolean);
  return h("span", { class: "row" },
    one.clusters.slice(0, 3).map(({ id, name }) => shown("clusters", id, name)),
    objects.slice(0, 3).map((id) => shown("objects", id, `…${id.slice(-6)}`, "mono")));
}

export async function showDecisions(place, { owner }, signal, query) {
  const list = h("div", {});
  let newest = { items: [], next_cursor: null };
  const older = [];
  let cursor = null;
  const about = { owner, cluster: query.get("cluster"), object: query.get("object") };
  const kinds = h("select", { name: "action", on: { change: () => { older.length = 0; look().catch(complain); } } },
    h("option", { value: "" }, "everything"), Object.entries(ACTS).map(([action, [label]]) => h("option", { value: action }, label)));
  const standing = h("select", { name: "state", on: { change: draw } }, STATES.map(([value, label]) => h("option", { value }, label)));
  const look = onChange(() => get("/decisions", { ...about, action: kinds.value, limit: 100 }, { signal }), (found) => {
    newest = found;
    if (!older.length) cursor = found.next_cursor;
    draw();
  });
  fill(place, h("div", { class: "stack" }, h("div", { class: "row narrowing" }, h("label", {}, "What", kinds), h("label", {}, "State", standing),
    (about.cluster || about.object) && h("a", { href: link("operations", null, { tab: "decisions", owner }) }, about.cluster ? "Those of all clusters" : "Those of all objects")), list));
  await look();
  void every(3000, look, signal);

  function draw() {
    const known = new Set(newest.items.map((each) => each.decision_id));
    const all = [...newest.items, ...older.filter((each) => !known.has(each.decision_id))];
    const shown = all.filter((each) => !standing.value || (standing.value === "undone") === Boolean(each.undone_by));
    if (!all.length && !kinds.value && !about.cluster && !about.object) {
      redraw(list, empty("No decisions yet", h("p", {}, "Renaming, merging, splitting and deciding about duplicates is put down here, and can be undone.")));
      return;
    }
    redraw(list, h("div", { class: "stack" }, shown.length
      ? cards("Decisions", [
        { label: "Decision", heads: true, cell: (one) => [says(one), one.undone_by && h("span", { class: "small quiet" }, " — undone")] },
        { label: "About", cell: (one) => subjects(one, Boolean(owner) && owner !== holder().owner) },
        { label: "Who", cell: (one) => one.actor_name ?? one.actor },
        { label: "When", cell: (one) => h("time", { datetime: one.at, title: moment(one.at) }, ago(one.at)) },
        { label: "What you can do", acts: true, cell: (one) => may("admin") && !one.undone_by && !one.undoes
          && h("button", { type: "button", dataset: { key: `undo ${one.decision_id}` }, "aria-label": `Undo: ${says(one)}`, on: { click: (event) => takeBack(one, event.currentTarget) } }, "Undo") },
      ], shown)
      : h("p", { class: "notice" }, "There is no such decision."),
    cursor && h("div", {}, h("button", { type: "button", dataset: { key: "more" }, on: { click: () => further().catch(complain) } }, "Show older ones"))));
  }

  async function further() {
    const page = await get("/decisions", { ...about, action: kinds.value, limit: 100, cursor }, { signal });
    older.push(...page.items);
    cursor = page.next_cursor;
    draw();
  }

  async function takeBack(one, button) {
    button.disabled = true;
    try {
      await undo(one.decision_id, owner);
      toast("Undone.");
      older.length = 0;
      await look();
    } catch (error) {
      button.disabled = false;
      complain(error);
    }
  }
}
