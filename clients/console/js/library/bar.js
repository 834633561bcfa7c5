/** What can be done with what is chosen, at the foot of the window. */

import { fill, h } from "../dom.js";
import { toEach } from "../parts/bulk.js";
import { complain } from "../parts/toast.js";
import * as session from "../session.js";
import { several } from "../words.js";
import * as acts from "./acts.js";

/**
 * `shown()` is the grid, `inTrash()` whether it shows the trash, `again()` reads the library anew, as
 * it also does when something was taken back. Answers `{element, update(selection)}`.
 */
export function selectionBar({ shown, inTrash, again, signal }) {
  const words = h("span", { class: "number" });
  const buttons = h("div", { class: "row" });
  const progress = h("progress", { hidden: true, "aria-label": "Progress" });
  const element = h("div", { class: "selection", role: "region", "aria-label": "Selection", hidden: true },
    h("div", { role: "status", class: "row" }, words, progress), buttons);
  let isBusy = false;

  const button = (label, role, act, danger = false) => session.may(role)
    && h("button", { type: "button", class: danger ? "danger" : null, on: { click: () => run(act) } }, label);

  function update(selection) {
    element.hidden = selection.size === 0 && !isBusy;
    document.documentElement.classList.toggle("selecting", !element.hidden);
    if (!isBusy) words.textContent = several(selection.size, "object chosen", "objects chosen");
    const wanted = inTrash() ? "trash" : "library";
    if (buttons.dataset.of === wanted) return;
    buttons.dataset.of = wanted;
    fill(buttons,
      inTrash()
        ? [button("Restore", "admin", restore), button("Erase…", "admin", purge, true)]
        : [button("Add tags…", "uploader", addTags), button("Remove tags…", "uploader", removeTags),
          button("Move…", "uploader", moveTo), button("Move to trash", "admin", trash, true)],
      h("button", { type: "button", class: "plain", on: { click: () => shown().clear() } }, "Choose none"));
  }

  async function run(act) {
    const ids = [...shown().chosen];
    if (isBusy || !ids.length) return;
    try {
      const outcome = await act(ids);
      if (!outcome) return;
      for (const each of outcome.done) shown()?.chosen.delete(each.of);
      await again();
    } catch (error) {
      complain(error);
    } finally {
      isBusy = false;
      progress.hidden = true;
      for (const each of buttons.children) each.disabled = false;
      if (!signal.aborted) update(shown()?.chosen ?? new Set());
    }
  }

  function told(done, of) {
    isBusy = true;
    progress.hidden = false;
    for (const each of buttons.children) each.disabled = true;
    [progress.value, progress.max] = [done, of];
    words.textContent = `${done} of ${of}`;
  }

  /** Do it to each; `back({of, answer})` is the step that takes it back from one, if there is any. */
  async function inBulk(ids, act, verb, back = () => null) {
    const outcome = await toEach(ids, act, { progress: told });
    acts.report(outcome, verb, outcome.done.map(back).filter(Boolean));
    return outcome;
  }

  const trash = (ids) => inBulk(ids, acts.trash, "moved to the trash", ({ of }) => acts.fromTrash(of));
  const restore = (ids) => inBulk(ids, acts.restore, "restored", ({ of }) => acts.toTrash(of));
  const purge = async (ids) => (await acts.sureToPurge(ids.length)) && inBulk(ids, acts.purge, "erased");
  const moveTo = (ids) => acts.moveAll(ids, { signal, progress: told });
  const retag = (ids, edit, verb) => inBulk(ids, (id) => acts.tag(id, edit), verb, ({ of, answer }) => answer && acts.tagsAsBefore(of, answer));

  async function addTags(ids) {
    const labels = await acts.askForTags(`Tag ${several(ids.length, "object")}`);
    return labels && retag(ids, { add: labels }, `tagged ${labels.join(", ")}`);
  }

  async function removeTags(ids) {
    const labels = await acts.askForTags(`Take tags from ${several(ids.length, "object")}`);
    return labels && retag(ids, { remove: labels }, `without ${labels.join(", ")} now`);
  }

  addEventListener("mammothbox:undone", () => again(), { signal });
  return { element, update };
}
