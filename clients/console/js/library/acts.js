/** What is done to many objects at once, one after the other's answer, and told as it goes. */

import { get, patch, post, remove } from "../api.js";
import { h } from "../dom.js";
import { askFor } from "../parts/dialog.js";
import { complain, toast } from "../parts/toast.js";
import { several } from "../words.js";

const AT_ONCE = 4;

/**
 * Do it to each; `progress(done, of)` is told. Answers `{done: [{id, answer}], failed: [{id, error}]}`:
 * one that fails keeps none of the others from it.
 */
export async function toEach(ids, act, progress = () => {}) {
  const waiting = [...ids];
  const of = waiting.length;
  const done = [];
  const failed = [];
  async function work() {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      try {
        done.push({ id, answer: await act(id) });
      } catch (error) {
        failed.push({ id, error });
      }
      progress(done.length + failed.length, of);
    }
  }
  progress(0, of);
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { done, failed };
}

const path = (id, rest = "") => `/objects/${encodeURIComponent(id)}${rest}`;
export const trash = (id) => remove(path(id));
export const restore = (id) => post(path(id, "/restore"));
export const purge = (id) => remove(path(id), { purge: true });
export const tag = (id, add, taken) => patch(path(id), { tags: { add, remove: taken } });
export const move = (id, cluster) => post(path(id, "/move"), { cluster_id: cluster });
export const undo = (decision) => post(`/decisions/${encodeURIComponent(decision)}/undo`);

/** Tell how it went; `back` undoes what was done, if that can be. */
export function report({ done, failed }, verb, back = null) {
  if (done.length) toast(`${several(done.length, "object")} ${verb}.`, { action: back && { label: "Undo", run: back } });
  if (failed.length) {
    const reasons = [...new Set(failed.map(({ error }) => error.message))];
    toast(`${several(failed.length, "object")} not ${verb}: ${reasons[0]}${reasons.length > 1 ? " And other reasons." : ""} ${failed.length === 1 ? "It stays" : "They stay"} chosen.`, { bad: true });
  }
}

/** Which labels, parted by commas; `null` when thought better of. */
export async function askForTags(title) {
  const said = await askFor(title, h("label", {}, "Tags, parted by commas", h("input", { name: "tags", required: true, autocomplete: "off", maxlength: "600" })), { answer: title });
  const labels = (said?.tags ?? "").split(",").map((each) => each.trim()).filter(Boolean);
  return labels.length ? labels : null;
}

/** Which cluster, as `{id, name}`; an id of `null` is a new one. `null` when thought better of. */
export async function askForCluster(title) {
  const { items } = await get("/clusters", { limit: 200 });
  const said = await askFor(title, h("label", {}, "Cluster",
    h("select", { name: "cluster" }, h("option", { value: "" }, "A new cluster"),
      items.map(({ id, name, size }) => h("option", { value: id }, `${name} (${size})`)))), { answer: "Move" });
  return said && { id: said.cluster || null, name: items.find(({ id }) => id === said.cluster)?.name ?? "a new cluster" };
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

/** Move to another cluster all of these; what comes of it is told, with a way back. */
export async function moveAll(ids, progress, after) {
  const cluster = await askForCluster(`Move ${several(ids.length, "object")}`).catch((error) => { complain(error); return null; });
  if (!cluster) return null;
  let goal = cluster.id;
  let moved = { done: [], failed: [] };
  const queue = [...ids];
  if (goal === null) {
    moved = await toEach([queue.shift()], (id) => move(id, null), progress);
    goal = moved.done[0]?.answer.cluster_id ?? moved.done[0]?.answer.made?.[0] ?? null;
    if (goal === null) queue.length = 0;
  }
  const rest = await toEach(queue, (id) => move(id, goal), progress);
  const all = { done: [...moved.done, ...rest.done], failed: [...moved.failed, ...rest.failed] };
  report(all, `moved to ${cluster.name}`, async () => {
    const back = all.done.toReversed();
    for (const { answer } of back) await undo(answer.decision_id).catch(complain);
    after();
  });
  return all;
}
