/** What is done to objects, one or many, and how each act is taken back. */

import { patch, post, remove } from "../api.js";
import { all, move } from "../clusters/acts.js";
import { pick } from "../clusters/pick.js";
import { h } from "../dom.js";
import { reasons } from "../parts/bulk.js";
import { askFor } from "../parts/dialog.js";
import { labelField } from "../parts/labels.js";
import { toast } from "../parts/toast.js";
import { decided, settled, undoable } from "../parts/undo.js";
import { several } from "../words.js";

const path = (id, rest = "") => `/objects/${encodeURIComponent(id)}${rest}`;
const inTrash = (id) => `trash:${id}`;

export const trash = (id) => remove(path(id));

export async function restore(id) {
  await post(path(id, "/restore"));
  settled(inTrash(id));
}

export async function purge(id) {
  await remove(path(id), { purge: true });
  settled(inTrash(id), "What is erased cannot come back.");
}

/** Change tags. Answers the edit that takes it back, or `null` when everything was so before. */
export async function tag(id, edit) {
  const { undo } = await patch(path(id), { tags: edit });
  return Object.values(undo).some((labels) => labels.length) ? undo : null;
}

// Steps of a way back, for `undoable`.
export const fromTrash = (id) => ({ key: inTrash(id), back: () => restore(id) });
export const toTrash = (id) => ({ back: () => trash(id) });
export const tagsAsBefore = (id, edit) => ({ back: () => tag(id, edit) });

/** Tell how it went; `steps` take back what was done, some `atOnce`. */
export function report({ done, failed }, verb, steps = [], atOnce = 4) {
  if (done.length) undoable(`${several(done.length, "object")} ${verb}.`, steps, { atOnce });
  if (failed.length) toast(`${several(failed.length, "object")} not ${verb}: ${reasons(failed)} ${failed.length === 1 ? "It stays" : "They stay"} chosen.`, { bad: true });
}

/** Which labels, parted by commas; `null` when thought better of. */
export async function askForTags(title) {
  const said = await askFor(title, h("label", {}, "Tags, parted by commas", labelField({ name: "tags", required: true, maxlength: "600" })), { answer: title });
  const labels = (said?.tags ?? "").split(",").map((each) => each.trim()).filter(Boolean);
  return labels.length ? labels : null;
}

/** Whether somebody typed that these are to be gone for good. */
export async function sureToPurge(number) {
  const word = number === 1 ? "erase" : `erase ${number}`;
  const said = await askFor(`Erase ${several(number, "object")} for good?`, [
    h("p", {}, "Their bytes, what was made of them, their tags and their history go everywhere. Nobody can bring them back."),
    h("label", {}, `Type “${word}” to go on`, h("input", { name: "word", required: true, autocomplete: "off", pattern: word })),
  ], { answer: "Erase", danger: true });
  return said?.word === word;
}

/** Ask where to, and move all of these there. Answers `{done, failed}`, or `null` when thought better of; who leaves before that is asked nothing. */
export async function moveAll(ids, { signal, progress }) {
  const goal = await pick(`Move ${several(ids.length, "object")}`, await all(signal), { own: true });
  if (!goal) return null;
  const moved = await move(ids, goal.id, progress);
  report(moved, `moved to ${goal.name}`, decided(moved.done.map(({ answer }) => answer)), 1);
  return moved;
}
