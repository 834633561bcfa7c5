/** How a cluster is drawn: who a threshold would make leave, which parts a split would make. */

import { fill, h } from "../dom.js";
import { pause } from "../live.js";
import { picture } from "../parts/picture.js";
import { several } from "../words.js";
import { decide, preview, setThreshold, splitInto } from "./acts.js";

const SHOWN = 6;

/**
 * The slider. `mark(ids)` is told who would leave, so that the members can show it too, and
 * `choose(ids)` who of them are to be chosen; `again` is called after the act.
 */
export function threshold(cluster, { signal, mark, choose, again }) {
  const start = cluster.threshold;
  const shown = h("output", { class: "number" }, start.toFixed(3));
  const told = h("div", { class: "preview", role: "status" }, whatItIs(cluster));
  const apply = h("button", { type: "button", class: "main", disabled: true, on: { click: act } }, "Set");
  const reset = h("button", { type: "button", class: "plain", disabled: true, on: { click: () => { slider.value = String(start); slide(); } } }, "Back");
  const pick = h("button", { type: "button", hidden: true, on: { click: () => choose(gone) } }, "Choose them");
  let gone = [];
  const slider = h("input", {
    type: "range", min: "0", max: "1", step: "0.005", value: String(start), "aria-label": "How alike members have to be",
    on: { input: slide },
  });
  let looking = null;

  async function slide() {
    const value = Number(slider.value);
    shown.textContent = value.toFixed(3);
    const isSame = Math.abs(value - start) < 0.0025;
    apply.disabled = reset.disabled = isSame;
    looking?.abort();
    if (isSame) {
      tellGone([]);
      fill(told, whatItIs(cluster));
      return;
    }
    looking = new AbortController();
    const { signal: until } = looking;
    await pause(150, until);
    if (until.aborted || signal.aborted) return;
    try {
      const { leaving, more } = await preview(cluster.id, { threshold: value }, until);
      tellGone(leaving.map((each) => each.system_id));
      fill(told, leaving.length
        ? [h("p", {}, leaving.length >= cluster.size ? "All of them would leave, and it would be gone:" : `${more ? "More than " : ""}${several(leaving.length, "object")} would leave:`), row(gone, gone.length)]
        : h("p", {}, value < start ? "Nobody would leave; more newcomers fit." : "Nobody would leave; newcomers have to be more alike."));
    } catch (error) {
      if (error.name !== "AbortError") fill(told, h("p", { class: "bad" }, error.message));
    }
  }

  function tellGone(ids) {
    gone = ids;
    pick.hidden = !ids.length;
    mark(ids);
  }

  async function act() {
    const value = Number(slider.value);
    tellGone([]);
    await decide(`Members of “${cluster.name}” have to be ${value.toFixed(3)} alike now.`, () => setThreshold(cluster.id, value), again);
  }

  return h("section", { class: "card stack adjust", "aria-labelledby": "threshold-title" },
    h("h2", { id: "threshold-title" }, "How alike members are"),
    h("div", { class: "slide" }, h("span", { class: "small quiet" }, "loose"), slider, h("span", { class: "small quiet" }, "strict"), shown),
    told, h("div", { class: "row" }, apply, pick, reset));
}

function whatItIs(cluster) {
  return h("p", { class: "small quiet" },
    `Newcomers join when they are ${cluster.threshold.toFixed(2)} alike to the middle${cluster.threshold_source === "hand" ? ", as somebody said" : ""}.`,
    cluster.tightness !== null && ` Members are ${cluster.tightness.toFixed(2)} on average.`);
}

/** Splitting into so many parts, seen before it is done. */
export function parts(cluster, { signal, again }) {
  const most = Math.min(20, cluster.size);
  const number = h("input", { type: "number", min: "2", max: String(most), value: "2", inputmode: "numeric", on: { input: () => look() } });
  const told = h("div", { class: "preview stack", role: "status" });
  const apply = h("button", { type: "button", class: "main", disabled: true, on: { click: act } }, "Split");
  let looking = null;

  async function look() {
    looking?.abort();
    apply.disabled = true;
    const count = Number(number.value);
    if (!Number.isInteger(count) || count < 2 || count > most) return fill(told, h("p", { class: "quiet" }, `From 2 to ${most}.`));
    looking = new AbortController();
    const { signal: until } = looking;
    await pause(150, until);
    if (until.aborted || signal.aborted) return null;
    try {
      const found = (await preview(cluster.id, { parts: count }, until)).parts;
      apply.disabled = false;
      return fill(told, found.map((part, at) => h("div", { class: "part" },
        h("p", { class: "small" }, h("strong", {}, at ? `Part ${at + 1}` : "Stays"), h("span", { class: "quiet" }, ` · ${several(part.size, "object")}, ${part.tightness.toFixed(2)} alike`)),
        row(part.system_ids, part.size))));
    } catch (error) {
      if (error.name !== "AbortError") fill(told, h("p", { class: "bad" }, error.message));
      return null;
    }
  }

  async function act() {
    apply.disabled = true;
    const count = Number(number.value);
    await decide(`“${cluster.name}” was split into ${count}.`, () => splitInto(cluster.id, count), again);
  }

  const details = h("details", { class: "card adjust", on: { toggle: () => details.open && !told.childElementCount && look() } },
    h("summary", {}, h("h2", {}, "Split into parts")),
    h("div", { class: "stack" }, h("label", {}, "How many", number), told, h("div", { class: "row" }, apply)));
  return details;
}

function row(ids, size) {
  return h("div", { class: "covers" }, ids.slice(0, SHOWN).map((id) => picture(id, { shape: "square mini", size: 150 })),
    size > SHOWN && h("span", { class: "small quiet" }, `+${size - SHOWN}`));
}
