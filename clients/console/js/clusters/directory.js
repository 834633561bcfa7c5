/** One directory: its members, and everything a person can correct about it. */

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { picture } from "../parts/picture.js";
import { empty, state } from "../parts/states.js";
import { complain } from "../parts/toast.js";
import { go, link } from "../router.js";
import * as session from "../session.js";
import { several } from "../words.js";
import * as acts from "./acts.js";
import { parts, threshold } from "./adjust.js";
import { history } from "./history.js";
import { linked } from "./linked.js";
import { members } from "./members.js";
import { pencil } from "./name.js";
import { pick } from "./pick.js";

const BESIDE = 30;

export async function directory(place, id, signal) {
  const mayDecide = session.may("admin");
  const mayMove = session.may("uploader");
  const chosen = new Set();
  let cluster = null;
  let others = [];
  let grid = null;
  await load();

  async function load() {
    let found;
    try {
      [found, others] = await Promise.all([get(`/clusters/${id}`, {}, { signal }), acts.all(signal)]);
    } catch (error) {
      if (error.status !== 404) throw error;
      fill(place, h("div", { class: "head" }, h("h1", {}, "Cluster")), empty("This directory is not there any more", h("p", {}, "Its last member left, or it never was."), back()));
      return;
    }
    // The id of a merged directory leads to where its members are.
    if (found.id !== id) {
      go(link("clusters", found.id), { replace: true });
      return;
    }
    cluster = found;
    others = others.filter((each) => each.id !== id);
    chosen.clear();
    const hadFocus = place.contains(document.activeElement);
    paint();
    if (hadFocus) place.querySelector("h1").focus();
    await grid.load();
    await linked(place.querySelector(".pairs"), grid.loaded, { signal, mark: (ids) => grid.mark({ linked: new Set(ids) }), again: load });
  }

  function paint() {
    const bar = h("div", { class: "chosen", role: "region", "aria-label": "What is chosen", hidden: true });
    grid = members(cluster, { chosen, signal, mayMove, changed: () => chosenBar(bar) });
    const heading = h("h1", { tabindex: "-1" }, cluster.name);
    fill(place,
      h("nav", { class: "crumbs small", "aria-label": "Where this is" }, h("a", { href: link("clusters") }, "Clusters"), h("span", { class: "quiet" }, ` / ${cluster.name}`)),
      h("div", { class: "head" },
        h("div", { class: "line" }, heading, mayDecide && pencil(heading, cluster.name, (said) => acts.decide(`It is called “${said}” now.`, () => acts.rename(id, said), load))),
        state(cluster.status), h("span", { class: "quiet" }, several(cluster.size, "object")),
        h("span", { class: "row end" },
          mayDecide && cluster.status === "provisional" && h("button", { type: "button", on: { click: () => acts.decide(`“${cluster.name}” is confirmed.`, () => acts.confirm(id), load) } }, "Confirm"),
          mayDecide && others.length > 0 && h("button", { type: "button", on: { click: mergeAway } }, "Merge into…"),
          h("a", { class: "button", href: link("library", null, { cluster: id }) }, "In the library"))),
      h("div", { class: "directory" },
        h("div", { class: "stack" }, grid.element, bar),
        h("aside", { class: "stack", "aria-label": "Correct this directory" },
          mayDecide && threshold(cluster, { signal, again: load, mark: (ids) => grid.mark({ leaving: new Set(ids) }) }),
          mayDecide && cluster.size > 1 && parts(cluster, { signal, again: load }),
          h("div", { class: "pairs" }),
          mayMove && beside(),
          h("section", { class: "card stack", "aria-labelledby": "history-title" }, h("h2", { id: "history-title" }, "Decisions"),
            history({ cluster: id, names: () => new Map([cluster, ...others].map((each) => [each.id, each.name])), limit: 10, signal, again: load }).element))));
  }

  function chosenBar(bar) {
    const ids = [...chosen];
    bar.hidden = !ids.length;
    if (!ids.length) return;
    const button = (label, does, name = null) => h("button", { type: "button", class: name, on: { click: does } }, label);
    fill(bar, h("span", { role: "status" }, `${several(ids.length, "object")} chosen`),
      h("span", { class: "row" },
        button("Move to…", () => moveTo(ids), "main"),
        mayDecide && ids.length < cluster.size && button("Split off", () => apart(ids)),
        mayDecide && ids.length === 2 && button("Belong together", () => acts.decide("The two belong together now.", () => acts.link("must", ids), load)),
        mayDecide && ids.length === 2 && button("Do not belong together", () => acts.decide("The two are kept apart now.", () => acts.link("cannot", ids), load)),
        button("Let go", () => grid.clear(), "plain")));
  }

  const apart = (ids) => acts.decide(`${several(ids.length, "object has", "objects have")} a directory of their own now.`, () => acts.splitOff(id, ids), load);

  async function moveTo(ids, to = null) {
    const into = to ?? await pick(`Move ${several(ids.length, "object")}`, others, { own: true });
    if (!into) return;
    if (into === "own" && mayDecide && ids.length < cluster.size) return void await apart(ids);
    const name = others.find((each) => each.id === into)?.name;
    await acts.decide(`${several(ids.length, "object is", "objects are")} in ${name ? `“${name}”` : "a directory of its own"} now.`, () => acts.move(ids, into === "own" ? null : into), load);
  }

  async function mergeAway() {
    const into = await pick(`Merge “${cluster.name}” into`, others, { answer: "Merge" });
    const target = others.find((each) => each.id === into);
    if (!target) return;
    const followed = (made) => (made.length ? go(link("clusters", target.id)) : acts.all(signal));
    await acts.decide(`“${cluster.name}” is part of “${target.name}” now.`, () => acts.merge(target.id, [id]), followed);
  }

  /** The other directories, to drop members on. */
  function beside() {
    const filter = h("input", { type: "search", placeholder: "Filter", "aria-label": "Filter directories", on: { input: () => fill(list, rows()) } });
    const rows = () => [goal("A directory of its own", null, "own"), ...others
      .filter((each) => each.name.toLowerCase().includes(filter.value.trim().toLowerCase())).slice(0, BESIDE)
      .map((each) => goal(each.name, each, each.id))];
    const list = h("ul", { class: "goals" });
    fill(list, rows());
    return h("section", { class: "card stack beside", "aria-labelledby": "beside-title" },
      h("h2", { id: "beside-title" }, "Other directories"), h("p", { class: "small quiet" }, "Drag members onto one to move them."), filter, list);
  }

  function goal(name, each, into) {
    const told = h("span", { class: "small quiet" }, each ? several(each.size, "object") : "");
    const element = h("li", { class: "goal" }, each ? picture(each.cover, { shape: "square mini", size: 150 }) : h("span", { class: "picture mini none", "aria-hidden": "true" }, "+"),
      h("span", { class: "text" }, each ? h("a", { href: link("clusters", each.id), draggable: "false" }, name) : h("span", {}, name), told));
    const plain = told.textContent;
    const leave = () => { element.classList.remove("over"); told.textContent = plain; };
    const over = (event) => {
      const ids = grid.carried();
      if (!ids.length) return;
      event.preventDefault();
      element.classList.add("over");
      told.textContent = each ? `${several(ids.length, "object")} more: ${each.size + ids.length}` : `${several(ids.length, "object")}`;
    };
    element.addEventListener("dragenter", over);
    element.addEventListener("dragover", over);
    element.addEventListener("dragleave", (event) => !element.contains(event.relatedTarget) && leave());
    element.addEventListener("drop", (event) => {
      const ids = grid.carried();
      leave();
      event.preventDefault();
      if (ids.length) moveTo(ids, into).catch(complain);
    });
    return element;
  }
}

const back = () => h("a", { class: "button", href: link("clusters") }, "All clusters");
