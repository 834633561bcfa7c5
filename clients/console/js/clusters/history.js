/** What was decided about clusters and duplicates, as sentences, each with its undo. */

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { complain } from "../parts/toast.js";
import { undo } from "../parts/undo.js";
import * as session from "../session.js";
import { ago, moment, several } from "../words.js";

const objects = (number) => several(number, "object");
const SENTENCES = {
  // What it was called before is not told, and `name` is what it is called by now.
  rename: (it, name) => (it.detail.name ? `Named a cluster “${it.detail.name}”` : `Renamed ${name(0)}`),
  merge: (it, name) => `Merged ${several(it.cluster_ids.length - 1, "cluster")} into ${name(0)}: ${objects(it.detail.moved ?? it.objects)}`,
  split: (it, name) => `Split ${name(0)}: ${objects(it.detail.moved ?? it.objects)} went into ${several(it.detail.made?.length ?? 1, "cluster of its own", "new clusters")}`,
  threshold: (it, name) => `Set how alike members of ${name(0)} have to be to ${it.detail.threshold}${it.detail.left ? `: ${objects(it.detail.left)} left` : ""}`,
  confirm: (it, name) => `Confirmed ${name(0)}`,
  move: (it, name, to) => `Moved ${objects(it.objects)} into ${to(it.detail.cluster)}`,
  link: (it) => (it.detail.kind === "must" ? "Said that two objects belong together" : "Said that two objects do not belong together"),
  unlink: () => "Removed a link between two objects",
  confirm_duplicate: () => "Confirmed a duplicate",
  dismiss_duplicate: () => "Said that two pictures are no duplicates",
};
const SHORT = { rename: "a renaming", merge: "a merge", split: "a split", threshold: "a threshold", confirm: "a confirmation", move: "a move", link: "a link", unlink: "the removal of a link", confirm_duplicate: "a confirmed duplicate", dismiss_duplicate: "a dismissed duplicate" };

/** One decision as a sentence. */
function sentence(decision) {
  const names = new Map(decision.clusters.map(({ id, name }) => [id, name]));
  if (decision.undoes) return `Took back ${SHORT[decision.detail.undone] ?? "a decision"}`;
  const to = (id) => (names.has(id) ? `“${names.get(id)}”` : "a cluster");
  return SENTENCES[decision.action]?.(decision, (at) => to(decision.cluster_ids[at]), to) ?? decision.action.replaceAll("_", " ");
}

/** A list that fills itself, of all decisions or of those about a `cluster`. `again` is called after an undo. */
export function history({ cluster = null, limit = 30, signal, again }) {
  const place = h("ol", { class: "decision-list" });
  const more = h("button", { type: "button", class: "plain small", hidden: true, on: { click: () => look(true) } }, "Older ones");
  // In words here, for a toast would be behind the dialog that this may be in.
  const said = h("p", { class: "bad small", role: "alert" });
  const element = h("div", {}, said, place, more);
  let cursor = null;

  async function look(isMore = false) {
    try {
      const page = await get("/decisions", { cluster, limit, cursor: isMore ? cursor : null }, { signal });
      cursor = page.next_cursor;
      more.hidden = cursor === null;
      const rows = page.items.map(row);
      if (isMore) place.append(...rows);
      else fill(place, rows.length ? rows : h("li", { class: "quiet" }, "Nobody has decided anything yet."));
    } catch (error) {
      complain(error);
    }
  }

  function row(each) {
    const text = sentence(each);
    return h("li", { class: each.undone_by ? "undone" : null },
      h("span", {}, text, each.undone_by && h("span", { class: "quiet" }, " — taken back")),
      h("span", { class: "small quiet", title: moment(each.at) }, `${ago(each.at)} by ${each.actor_name ?? each.actor}`),
      !each.undoes && !each.undone_by && session.may("admin") && h("button", { type: "button", class: "small", "aria-label": `Undo: ${text}`, on: { click: (event) => back(each, event.target) } }, "Undo"));
  }

  async function back(each, button) {
    button.disabled = true;
    fill(said);
    try {
      await undo(each.decision_id);
      await Promise.all([look(), again()]);
    } catch (error) {
      button.disabled = false;
      fill(said, error.message);
    }
  }

  look();
  return element;
}
