/** The board of directories: covers, names, sizes; merged by dragging or by choosing. */

import { fill, h } from "../dom.js";
import * as dialog from "../parts/dialog.js";
import { picture } from "../parts/picture.js";
import { empty } from "../parts/states.js";
import { link } from "../router.js";
import * as session from "../session.js";
import { ago, count, several } from "../words.js";
import { all, confirm, decide, merge, MOST, rename } from "./acts.js";
import { history } from "./history.js";
import { pencil } from "./name.js";
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
  const list = h("ul", { class: "board", "aria-label": "Directories" });
  const nothing = h("div", {});
  const bar = h("div", { class: "chosen", role: "region", "aria-label": "What is chosen", hidden: true });
  fill(place,
    h("div", { class: "head" }, h("h1", {}, "Clusters"), h("button", { type: "button", on: { click: openHistory } }, "Decisions")),
    advice,
    h("div", { class: "row tools" }, filter, status, order, shown), list, nothing, bar);
  await load();

  async function load() {
    const now = await all(signal);
    const found = mayDecide ? await suggested(now, { signal, again: load }) : null;
    clusters = now;
    for (const id of [...chosen]) if (!clusters.some((each) => each.id === id)) chosen.delete(id);
    fill(advice, found);
    paint();
  }

  function paint() {
    const wanted = filter.value.trim().toLowerCase();
    const visible = clusters
      .filter((each) => (!status.value || each.status === status.value) && each.name.toLowerCase().includes(wanted))
      .sort(ORDERS[order.value][1]);
    const focused = document.activeElement?.closest(".cluster")?.dataset.id;
    fill(list, visible.map(card));
    if (focused) list.querySelector(`[data-id="${focused}"] .name`)?.focus();
    shown.textContent = `${count(visible.length)} of ${count(clusters.length)}${clusters.length === MOST ? " largest" : ""}`;
    fill(nothing, !visible.length && (clusters.length
      ? empty("No directory is called that", h("button", { type: "button", on: { click: () => { filter.value = status.value = ""; paint(); } } }, "Show all"))
      : empty("No directories yet", h("p", {}, "Pictures and videos find their directory by themselves, some seconds after they arrive."), h("a", { class: "button", href: link("upload") }, "Upload some"))));
    chosenBar();
  }

  function card(cluster) {
    const { id, name, size } = cluster;
    const label = h("a", { class: "name", href: link("clusters", id), title: name, draggable: "false" }, name);
    const element = h("li", { class: `card cluster ${cluster.status}${chosen.has(id) ? " is-chosen" : ""}`, dataset: { id }, draggable: mayDecide ? "true" : null },
      h("a", { class: "cover", href: link("clusters", id), tabindex: "-1", "aria-hidden": "true", draggable: "false" }, picture(cluster.cover)),
      mayDecide && h("label", { class: "pick" }, h("span", { class: "unseen" }, `Choose ${name}`),
        h("input", { type: "checkbox", checked: chosen.has(id), on: { change: (event) => choose(id, event.target.checked, element) } })),
      h("div", { class: "line" }, label, mayDecide && pencil(label, name, (said) => decide(`“${name}” is “${said}” now.`, () => rename(id, said), load))),
      h("p", { class: "small quiet" }, several(size, "object"), cluster.status === "provisional" ? " · provisional" : " · confirmed", h("span", { class: "unseen" }, `, made ${ago(cluster.created_at)}`)),
      h("span", { class: "hint", "aria-hidden": "true" }));
    if (mayDecide) draggable(element, cluster);
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
    fill(bar, h("span", { role: "status" }, `${several(some.length, "directory", "directories")}, ${several(sum(some), "object")}`),
      h("span", { class: "row" },
        h("button", { type: "button", class: "main", disabled: some.length < 2, on: { click: () => askMerge(some) } }, "Merge…"),
        provisional.length > 0 && h("button", { type: "button", on: { click: () => confirmAll(provisional) } }, "Confirm"),
        h("button", { type: "button", class: "plain", on: { click: () => { chosen.clear(); paint(); } } }, "Let go")));
  }

  async function askMerge(some) {
    const sorted = [...some].sort(ORDERS.size[1]);
    const said = await dialog.askFor(`Merge ${count(some.length)} directories`, [
      h("fieldset", { class: "directory-choices" }, h("legend", {}, "Which one stays?"),
        sorted.map((each, at) => h("label", { class: "directory-choice" }, h("input", { type: "radio", name: "into", value: each.id, checked: at === 0 }),
          picture(each.cover, { shape: "square mini", size: 150 }), h("span", {}, each.name), h("span", { class: "small quiet" }, several(each.size, "object"))))),
      h("p", { class: "small quiet" }, `It will have ${several(sum(some), "object")}. The others lead there from then on. It can be undone.`),
    ], { answer: "Merge" });
    if (said) await mergeInto(sorted.find((each) => each.id === said.into), sorted.filter((each) => each.id !== said.into));
  }

  async function mergeInto(target, others) {
    const text = others.length === 1 ? `“${others[0].name}” is part of “${target.name}” now.` : `${count(others.length)} directories are part of “${target.name}” now.`;
    if (await decide(text, () => merge(target.id, others.map((each) => each.id)), load)) chosen.clear();
    paint();
    list.querySelector(`[data-id="${target.id}"] .name`)?.focus();
  }

  async function confirmAll(some) {
    await decide(`${several(some.length, "directory is", "directories are")} confirmed.`, async () => {
      const made = [];
      for (const each of some) made.push(await confirm(each.id));
      return made;
    }, load);
    chosen.clear();
    paint();
  }

  /** What is dragged is merged into where it is dropped; what will happen stands there before. */
  function draggable(element, cluster) {
    const hint = element.querySelector(".hint");
    const carried = () => [...list.querySelectorAll(".dragging")].map((each) => clusters.find((one) => one.id === each.dataset.id));
    const leave = () => element.classList.remove("over");
    element.addEventListener("dragstart", (event) => {
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", cluster.name);
      const along = chosen.has(cluster.id) ? chosen : new Set([cluster.id]);
      for (const each of list.children) each.classList.toggle("dragging", along.has(each.dataset.id));
    });
    element.addEventListener("dragend", () => list.querySelectorAll(".dragging, .over").forEach((each) => each.classList.remove("dragging", "over")));
    const over = (event) => {
      const others = carried();
      if (!others.length || element.classList.contains("dragging")) return;
      event.preventDefault();
      element.classList.add("over");
      hint.textContent = `Merge ${others.length === 1 ? `“${others[0].name}”` : count(others.length)} into “${cluster.name}”: ${several(sum([cluster, ...others]), "object")}`;
    };
    element.addEventListener("dragenter", over);
    element.addEventListener("dragover", over);
    element.addEventListener("dragleave", (event) => !element.contains(event.relatedTarget) && leave());
    element.addEventListener("drop", (event) => {
      const others = carried();
      leave();
      if (!others.length || element.classList.contains("dragging")) return;
      event.preventDefault();
      mergeInto(cluster, others);
    });
  }

  function openHistory() {
    const names = new Map(clusters.map((each) => [each.id, each.name]));
    dialog.show("Recent decisions", history({ names: () => names, signal, again: load }).element, { wide: true });
  }
}

const sum = (clusters) => clusters.reduce((total, each) => total + each.size, 0);
