/** For operators: how clusters are doing, and the chores that wait. */

import { get } from "../api.js";
import { h } from "../dom.js";
import { every } from "../live.js";
import { cards } from "../parts/table.js";
import { ago, count, moment } from "../words.js";
import { onChange, redraw } from "../parts/redraw.js";

export async function showHealth(place, _scope, signal) {
  const look = onChange(() => get("/admin/stats", {}, { signal }), (found) => redraw(place, drawn(found)));
  await look();
  void every(3000, look, signal);
}

const share = (value) => (value === null ? "—" : value.toFixed(3));
const when = (time) => h("time", { datetime: time, title: moment(time) }, ago(time));

function drawn(stats) {
  const part = (id, title, about, content) => h("div", { class: "stack" }, h("h2", { id }, title), about && h("p", { class: "small quiet" }, about), content);
  const drifting = [
    { label: "Cluster", heads: true, cell: (one) => h("code", {}, one.cluster_id) },
    { label: "Owner", cell: (one) => one.owner },
    { label: "Members", number: true, cell: (one) => count(one.size) },
    { label: "Tightness", number: true, cell: (one) => share(one.tightness) },
    { label: "Moved", number: true, cell: (one) => share(one.moved) },
    { label: "Measured", cell: (one) => when(one.measured_at) },
  ];
  const none = (text) => h("p", { class: "quiet" }, text);
  return h("div", { class: "stack sections" },
    part("totals", "Clusters by space", "Tightness is how alike members are to the middle of their cluster; moved is how far that went since it was made.", stats.clusters.length ? cards("Clusters by space", [
      { label: "Space", heads: true, cell: (one) => one.space },
      { label: "Clusters", number: true, cell: (one) => count(one.clusters) },
      { label: "Provisional", number: true, cell: (one) => count(one.provisional) },
      { label: "Members", number: true, cell: (one) => count(one.members) },
      { label: "Tightness", number: true, cell: (one) => share(one.tightness) },
      { label: "Moved", number: true, cell: (one) => share(one.moved) },
      { label: "Not measured", number: true, cell: (one) => count(one.unmeasured) },
    ], stats.clusters) : none("There are no clusters.")),
    part("moved", "Moved most", null, stats.most_moved.length ? cards("Clusters that moved most", drifting, stats.most_moved) : none("None was measured yet.")),
    part("loose", "Loosest", null, stats.loosest.length ? cards("Loosest clusters", drifting, stats.loosest) : none("None was measured yet.")),
    part("chores", "Chores", "Work on all of an owner's things that waits for its time.", stats.chores.length ? cards("Chores", [
      { label: "Chore", heads: true, cell: (one) => one.name },
      { label: "Owner", cell: (one) => one.owner },
      { label: "Due", cell: (one) => when(one.due_at) },
      { label: "Attempts", number: true, cell: (one) => count(one.attempt) },
      { label: "Put off because", cell: (one) => one.error ?? "" },
    ], stats.chores) : none("Nothing waits.")));
}
