/** The board of clusters: covers, names, sizes; merged by carrying one onto another or by choosing. */

import { fill, h } from "../dom.js";
import { carrying } from "../parts/carry.js";
import * as dialog from "../parts/dialog.js";
import { picture } from "../parts/picture.js";
import { empty } from "../parts/states.js";
import { complain } from "../parts/toast.js";
import { link } from "../router.js";
import * as session from "../session.js";
import { ago, count, several } from "../words.js";
import { all, confirm, decide, decideEach, merge, MOST, MOST_MERGED, rename } from "./acts.js";
import { history } from "./history.js";
import { pencil } from "./name.js";
import { choice } from "./pick.js";
import { suggested } from "./suggested.js";

const ORDERS = {
  size: ["Largest first", (one, other) => other.size - one.size],
  name: ["By name", (one, other) => one.name.localeCompare(other.name, undefined, { numeric: true })],
  newest: ["Newest first", (one, other) => other.created_at.localeCompare(one.created_at)],
  changed: ["Last changed first", (one, other) => other.updated_at.localeCompare(one.updated_at)],
  loose: ["Loosest first", (one, other) => (one.tightness ?? 2) - (other.tightness ?? 2)],
};

export async function board(place, signal) {
  let clusters = [];
  const chosen = new Set();
  const mayDecide = session.may("admin");
  const filter = h("input", { type: "search", placeholder: "Filter by name", "aria-label": "Filter by name", on: { input: paint } });
  const status = h("select", { "aria-label": "State", on: { change: paint } },
    [["", "All states"], ["confirmed", "Confirmed"], ["provisional", "Provisional"]].map(([value, label]) => h("option", { value }, label)));
  const order = h("select", { "aria-label": "Order", on: { change: paint } }, Object.entries(ORDERS).map(([value, [label]]) => h("option", { value }, label)));
  const shown = h("p", { class: "quiet small", role: "status" });
  const advice = h("div", {});
  const list = h("ul", { class: "board", "aria-label": "Clusters" });
  const nothing = h("div", {});
  const bar = h("div", { class: "chosen", role: "region", "aria-label": "What is chosen", hidden: true });
  fill(place,
    h("div", { class: "head" }, h("h1", {}, "Clusters"), h("button", { type: "button", on: { click: openHistory } }, "Decisions")),
    advice,
    h("div", { class: "row tools" }, filter, status, order, shown), list, nothing, bar);
  let looks = 0;
  let isStale = false;
  const drawLate = () => requestAnimationFrame(() => isStale && paint());
  list.addEventListener("focusout", drawLate);
  for (const done of ["pointerup", "pointercancel", "keydown"]) document.addEventListener(done, drawLate, { signal });
  await load();
  addEventListener("mammothbox:undone", () => load().catch(complain), { signal });
  if (mayDecide) {
    carrying(list, {
      things: ".cluster", goals: ".cluster", signal,
      take: ({ dataset: { id } }) => (chosen.has(id) ? [...list.children].filter((each) => chosen.has(each.dataset.id)) : [list.querySelector(`[data-id="${id}"]`)]),
      over: tellMerge,
      drop: (goal, taken) => mergeInto(clusterOf(goal), taken.map(clusterOf)).catch(complain),
      held: (element) => element.querySelector(".pick input").click(),
    });
  }

  async function load() {
    const mine = (looks += 1);
    const now = await all(signal);
    const found = mayDecide ? await suggested(now, { signal, again: load }) : null;
    // Of two looks that overlap the later one tells how it is.
    if (mine !== looks) return;
    clusters = now;
    for (const id of [...chosen]) if (!clusters.some((each) => each.id === id)) chosen.delete(id);
    fill(advice, found);
    paint();
  }

  function paint() {
    // Who is writing a name, or carries something, has it in hand still: it is drawn when they are done.
    isStale = list.querySelector(".rename, .dragging") !== null;
    if (isStale) return;
    const wanted = filter.value.trim().toLowerCase();
    const visible = clusters
      .filter((each) => (!status.value || each.status === status.value) && each.name.toLowerCase().includes(wanted))
      .sort(ORDERS[order.value][1]);
    const focused = document.activeElement?.closest(".cluster")?.dataset.id;
    fill(list, visible.map(card));
    if (focused) list.querySelector(`[data-id="${focused}"] .name`)?.focus();
    shown.textContent = `${count(visible.length)} of ${count(clusters.length)}${clusters.length === MOST ? " largest" : ""}`;
    fill(nothing, !visible.length && (clusters.length
      ? empty("No cluster is called that", h("button", { type: "button", on: { click: () => { filter.value = status.value = ""; paint(); } } }, "Show all"))
      : empty("No clusters yet", h("p", {}, "Pictures and videos find their cluster by themselves, some seconds after they arrive."), h("a", { class: "button", href: link("upload") }, "Upload some"))));
    chosenBar();
  }

  function card(cluster) {
    const { id, name, size } = cluster;
    const label = h("a", { class: "name", href: link("clusters", id), title: name, draggable: "false" }, name);
    const element = h("li", { class: `card cluster ${cluster.status}${mayDecide ? " portable" : ""}${chosen.has(id) ? " is-chosen" : ""}`, dataset: { id } },
      h("a", { class: "cover", href: link("clusters", id), tabindex: "-1", "aria-hidden": "true", draggable: "false" }, picture(cluster.cover, { address: cluster.thumbnail })),
      mayDecide && h("label", { class: "pick" }, h("span", { class: "unseen" }, `Choose ${name}`),
        h("input", { type: "checkbox", checked: chosen.has(id), on: { change: (event) => choose(id, event.target.checked, element) } })),
      h("div", { class: "line" }, label, mayDecide && pencil(label, name, (said) => decide(`“${name}” is “${said}” now.`, () => rename(id, said), load, id))),
      h("p", { class: "small quiet" }, several(size, "object"), cluster.status === "provisional" ? " · provisional" : " · confirmed", h("span", { class: "unseen" }, `, made ${ago(cluster.created_at)}`)),
      h("span", { class: "hint", "aria-hidden": "true" }));
    return element;
  }

  function choose(id, is, element) {
    if (is) chosen.add(id);
    else chosen.delete(id);
    element.classList.toggle("is-chosen", is);
    chosenBar();
  }

  function chosenBar() {
    const some = clusters.filter((each) => chosen.has(each.id));
    bar.hidden = !some.length;
    if (!some.length) return;
    const provisional = some.filter((each) => each.status === "provisional");
    fill(bar, h("span", { role: "status" }, `${several(some.length, "cluster")}, ${several(sum(some), "object")}`),
      h("span", { class: "row" },
        h("button", { type: "button", class: "main", disabled: some.length < 2, on: { click: () => askMerge(some) } }, "Merge…"),
        provisional.length > 0 && h("button", { type: "button", on: { click: () => confirmAll(provisional) } }, "Confirm"),
        h("button", { type: "button", class: "plain", on: { click: () => { chosen.clear(); paint(); } } }, "Let go")));
  }

  async function askMerge(some) {
    const sorted = [...some].sort(ORDERS.size[1]);
    const said = await dialog.askFor(`Merge ${count(some.length)} clusters`, [
      h("fieldset", { class: "choices" }, h("legend", {}, "Which one stays?"), sorted.map((each, at) => choice(each, "into", { checked: at === 0 }))),
      h("p", { class: "small quiet" }, `It will have ${several(sum(some), "object")}. The others lead there from then on. It can be undone.`),
    ], { answer: "Merge" });
    if (said) await mergeInto(sorted.find((each) => each.id === said.into), sorted.filter((each) => each.id !== said.into));
  }

  async function mergeInto(target, others) {
    chosen.clear();
    const portions = Array.from({ length: Math.ceil(others.length / MOST_MERGED) }, (_, at) => others.slice(at * MOST_MERGED, (at + 1) * MOST_MERGED));
    const text = (number) => (others.length === 1 ? `“${others[0].name}” is part of “${target.name}” now.`
      : `${number < portions.length ? "Some" : count(others.length)} clusters are part of “${target.name}” now.`);
    await decideEach(portions, text, (some) => merge(target.id, some.map((each) => each.id)), load);
    list.querySelector(`[data-id="${target.id}"] .name`)?.focus();
  }

  async function confirmAll(some) {
    chosen.clear();
    await decideEach(some, (number) => `${several(number, "cluster is", "clusters are")} confirmed.`, (each) => confirm(each.id), load);
  }

  /** What will happen stands where it would be dropped. */
  function tellMerge(goal, taken) {
    const [target, others] = [clusterOf(goal), taken.map(clusterOf)];
    goal.querySelector(".hint").textContent = `Merge ${others.length === 1 ? `“${others[0].name}”` : count(others.length)} into “${target.name}”: ${several(sum([target, ...others]), "object")}`;
  }

  function clusterOf(element) {
    return clusters.find((each) => each.id === element.dataset.id);
  }

  function openHistory() {
    dialog.show("Recent decisions", history({ signal, again: load }), { wide: true });
  }
}

const sum = (clusters) => clusters.reduce((total, each) => total + each.size, 0);
