/** What people decide about directories. Every act says what it did and can be taken back. */

import { get, items, patch, post } from "../api.js";
import { complain, toast } from "../parts/toast.js";

/** More are not shown at once: nobody looks through them. */
export const MOST = 2000;

/** All directories, the largest first; at most `MOST`. */
export async function all(signal, query = {}) {
  const found = [];
  for await (const each of items("/clusters", { ...query, limit: 200 }, { signal })) {
    found.push(each);
    if (found.length >= MOST) break;
  }
  return found;
}

/**
 * Do it and say so, with an undo. `act` answers what the server made of it, or a list of that;
 * `again` is called after it and after its undo. Answers whether it was done.
 */
export async function decide(text, act, again) {
  try {
    const made = [await act()].flat();
    undoable(text, made.map((each) => each.decision_id), again);
    await again(made);
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}

/** Say it, and offer to take these decisions back, the last first. */
export function undoable(text, decisions, again) {
  toast(text, { action: { label: "Undo", run: async () => {
    try {
      for (const id of [...decisions].reverse()) await undo(id);
      toast("Taken back.");
      await again([]);
    } catch (error) {
      complain(error);
    }
  } } });
}

export const undo = (decision) => post(`/decisions/${decision}/undo`);
export const rename = (id, name) => patch(`/clusters/${id}`, { action: "rename", name });
export const merge = (into, others) => patch(`/clusters/${into}`, { action: "merge", with: others });
export const confirm = (id) => patch(`/clusters/${id}`, { action: "confirm" });
export const setThreshold = (id, threshold) => patch(`/clusters/${id}`, { action: "threshold", threshold });
export const splitOff = (id, objects) => patch(`/clusters/${id}`, { action: "split", asset_ids: objects });
export const splitInto = (id, parts) => patch(`/clusters/${id}`, { action: "split", parts });
export const preview = (id, query, signal) => get(`/clusters/${id}/preview`, query, { signal });
export const link = (kind, objects) => post("/links", { kind, system_ids: objects });

/** Move objects, one after the other; stops at the first that cannot go, and says how many went. */
export async function move(objects, into) {
  const made = [];
  for (const id of objects) {
    try {
      made.push(await post(`/objects/${id}/move`, { cluster_id: into }));
    } catch (error) {
      if (!made.length) throw error;
      toast(`${made.length} of ${objects.length} went; then: ${error.message}`, { bad: true });
      break;
    }
  }
  return made;
}
