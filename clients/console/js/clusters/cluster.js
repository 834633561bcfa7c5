/** One cluster: its members, and everything a person can correct about it. */

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { carrying } from "../parts/carry.js";
import { picture } from "../parts/picture.js";
import { empty, state } from "../parts/states.js";
import { complain, toast } from "../parts/toast.js";
import { go, link } from "../router.js";
import * as session from "../session.js";
import { count, several } from "../words.js";
import * as acts from "./acts.js";
import { parts, threshold } from "./adjust.js";
import { history } from "./history.js";
import { linked } from "./linked.js";
import { members } from "./members.js";
import { pencil } from "./name.js";
import { pick } from "./pick.js";

const BESIDE = 30;

export async function cluster(place, id, signal) {
  const mayDecide = session.may("admin");
  const mayMove = session.may("uploader");
  const chosen = new Set();
  let shown = null;
  let others = [];
  let grid = null;
  let looks = 0;
  let sought = "";
  await load();
  addEventListener("mammothbox:undone", () => load().catch(complain), { signal });
  if (mayMove) {
    carrying(place, {
      things: ".member", goals: ".goal", signal, over: tellMove, left: untell,
      take: (element) => grid.along(element),
      drop: (goal, taken) => moveTo(taken.map((each) => each.dataset.id), goalOf(goal)).catch(complain),
      held: (element) => element.querySelector(".pick input").click(),
    });
  }

  async function load() {
    const mine = (looks += 1);
    let found;
    let around;
    try {
      [found, around] = await Promise.all([get(`/clusters/${id}`, {}, { signal }), acts.all(signal)]);
    } catch (error) {
      if (error.status !== 404) throw error;
      fill(place, h("div", { class: "head" }, h("h1", {}, "Cluster")), empty("This cluster is not there any more", h("p", {}, "Its last member left, or it never was."), back()));
      return;
    }
    // The id of a merged cluster leads to where its members are.
    if (found.id !== id) {
      go(link("clusters", found.id), { replace: true });
      return;
    }
    // Everything is there before the page changes, which then stays at its place and as long as it was.
    const bar = h("div", { class: "chosen", role: "region", "aria-label": "What is chosen", hidden: true });
    const next = members(found, { chosen, signal, mayMove, changed: () => chosenBar(bar) });
    await next.load(grid?.loaded.length);
    // Of two looks that overlap the later one tells how it is.
    if (mine !== looks) return;
    [shown, grid, others] = [found, next, around.filter((each) => each.id !== id)];
    grid.keepChosen();
    const hadFocus = place.contains(document.activeElement);
    const top = scrollY;
    paint(bar);
    scrollTo({ top, behavior: "instant" });
    if (hadFocus) place.querySelector("h1").focus({ preventScroll: true });
    await linked(place.querySelector(".pairs"), grid.loaded, { signal, mark: (ids) => grid.mark({ linked: new Set(ids) }), again: load });
  }

  function paint(bar) {
    const heading = h("h1", { tabindex: "-1" }, shown.name);
    fill(place,
      h("nav", { class: "crumbs small", "aria-label": "Where this is" }, h("a", { href: link("clusters") }, "Clusters"), h("span", { class: "quiet" }, ` / ${shown.name}`)),
      h("div", { class: "head" },
        h("div", { class: "line" }, heading, mayDecide && pencil(heading, shown.name, (said) => acts.decide(`It is called “${said}” now.`, () => acts.rename(id, said), load, id))),
        state(shown.status), h("span", { class: "quiet" }, several(shown.size, "object")),
        h("span", { class: "row end" },
          mayDecide && shown.status === "provisional" && h("button", { type: "button", on: { click: () => acts.decide(`“${shown.name}” is confirmed.`, () => acts.confirm(id), load) } }, "Confirm"),
          mayDecide && others.length > 0 && h("button", { type: "button", on: { click: mergeAway } }, "Merge into…"),
          h("a", { class: "button", href: link("library", null, { cluster: id }) }, "In the library"))),
      h("div", { class: "one" },
        h("div", { class: "stack" }, grid.element, bar),
        h("aside", { class: "stack", "aria-label": "Correct this cluster" },
          mayDecide && threshold(shown, { signal, again: load, mark: (ids) => grid.mark({ leaving: new Set(ids) }), choose: (ids) => grid.chooseAll(ids) }),
          mayDecide && shown.size > 1 && parts(shown, { signal, again: load }),
          h("div", { class: "pairs" }),
          mayMove && beside(),
          h("section", { class: "card stack", "aria-labelledby": "history-title" }, h("h2", { id: "history-title" }, "Decisions"),
            history({ cluster: id, limit: 10, signal, again: load })))));
  }

  function chosenBar(bar) {
    const ids = [...chosen];
    bar.hidden = !ids.length;
    if (!ids.length) return;
    const button = (label, does, name = null) => h("button", { type: "button", class: name, on: { click: does } }, label);
    fill(bar, h("span", { role: "status" }, `${several(ids.length, "object")} chosen`),
      h("span", { class: "row" },
        button("Move to…", () => moveTo(ids), "main"),
        mayDecide && ids.length < shown.size && button("Split off", () => apart(ids)),
        mayDecide && ids.length === 2 && button("Belong together", () => pair("must", ids, "The two belong together now.")),
        mayDecide && ids.length === 2 && button("Do not belong together", () => pair("cannot", ids, "The two are kept apart now.")),
        ids.length < grid.loaded.length && button(grid.loaded.length < shown.size ? `Choose the ${count(grid.loaded.length)} shown` : "Choose all", () => grid.chooseAll()),
        button("Let go", () => grid.clear(), "plain")));
  }

  const pair = (kind, ids, text) => acts.decide(text, () => acts.link(kind, ids), () => { grid.clear(); return load(); }, ids);
  const apart = (ids) => acts.decide(`${several(ids.length, "object has", "objects have")} a cluster of their own now.`, () => acts.splitOff(id, ids), load, ids);

  async function moveTo(ids, to = null) {
    const into = to ?? await pick(`Move ${several(ids.length, "object")}`, others, { own: true });
    if (!into) return;
    if (into.id === null && mayDecide && ids.length < shown.size) return void await apart(ids);
    const told = toast("");
    const moved = await acts.move(ids, into.id, told.busy(`Moving ${several(ids.length, "object")}…`));
    told.close();
    await acts.report(moved, (number) => `${several(number, "object is", "objects are")} in ${into.id ? `“${into.name}”` : "a cluster of their own"} now.`, load);
  }

  async function mergeAway() {
    const target = await pick(`Merge “${shown.name}” into`, others, { answer: "Merge" });
    if (!target) return;
    await acts.decide(`“${shown.name}” is part of “${target.name}” now.`, () => acts.merge(target.id, [id]), () => signal.aborted || go(link("clusters", target.id)));
  }

  /** The other clusters, to drop members on. */
  function beside() {
    const filter = h("input", { type: "search", placeholder: "Filter", "aria-label": "Filter clusters", value: sought, on: { input: () => { sought = filter.value; fill(list, rows()); } } });
    const rows = () => [goal({ id: "", name: "A new cluster" }), ...others
      .filter((each) => each.name.toLowerCase().includes(sought.trim().toLowerCase())).slice(0, BESIDE).map(goal)];
    const list = h("ul", { class: "goals", dataset: { scrolls: "" } });
    fill(list, rows());
    return h("section", { class: "card stack beside", "aria-labelledby": "beside-title" },
      h("h2", { id: "beside-title" }, "Other clusters"), h("p", { class: "small quiet" }, "Drag members onto one to move them."), filter, list);
  }

  function goal({ id: into, name, size, cover, thumbnail }) {
    return h("li", { class: "goal", dataset: { into } }, into ? picture(cover, { address: thumbnail, shape: "square mini", size: 150 }) : h("span", { class: "picture mini none", "aria-hidden": "true" }, "+"),
      h("span", { class: "text" }, into ? h("a", { href: link("clusters", into), draggable: "false" }, name) : h("span", {}, name),
        h("span", { class: "small quiet" }, into ? several(size, "object") : "")));
  }

  const goalOf = ({ dataset: { into } }) => others.find((each) => each.id === into) ?? { id: null };

  function tellMove(element, taken) {
    const { id: into, size } = goalOf(element);
    element.querySelector(".small").textContent = into ? `${several(taken.length, "object")} more: ${size + taken.length}` : several(taken.length, "object");
  }

  function untell(element) {
    const { id: into, size } = goalOf(element);
    element.querySelector(".small").textContent = into ? several(size, "object") : "";
  }
}

const back = () => h("a", { class: "button", href: link("clusters") }, "All clusters");
