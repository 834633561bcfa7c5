/** What people decide about clusters. Every act says what it did and can be taken back. */

import { get, items, patch, post } from "../api.js";
import { reasons, toEach } from "../parts/bulk.js";
import { complain, toast } from "../parts/toast.js";
import { decided, undoable } from "../parts/undo.js";
import { count } from "../words.js";

/** More are not shown at once: nobody looks through them. */
export const MOST = 2000;
/** As many are merged into one at once. */
export const MOST_MERGED = 50;

/** All clusters, the largest first; at most `MOST`. */
export async function all(signal, query = {}) {
  const found = [];
  for await (const each of items("/clusters", { ...query, limit: 200 }, { signal })) {
    found.push(each);
    if (found.length >= MOST) break;
  }
  return found;
}

const underWay = new Set();

/**
 * Do it and say so, with a way back; who clicks twice means it once. `act` answers what the server made
 * of it, or a list of that; `again` is called after it. `which` tells apart what is said in the same
 * words of several. Answers whether it was done.
 */
export async function decide(text, act, again, which = "") {
  const said = `${text} ${which}`;
  if (underWay.has(said)) return false;
  underWay.add(said);
  try {
    const made = [await act()].flat();
    undoable(text, decided(made));
    await again(made);
    return true;
  } catch (error) {
    complain(error);
    return false;
  } finally {
    underWay.delete(said);
  }
}

export const rename = (id, name) => patch(`/clusters/${id}`, { action: "rename", name });
export const merge = (into, others) => patch(`/clusters/${into}`, { action: "merge", with: others });
export const confirm = (id) => patch(`/clusters/${id}`, { action: "confirm" });
export const setThreshold = (id, threshold) => patch(`/clusters/${id}`, { action: "threshold", threshold });
export const splitOff = (id, objects) => patch(`/clusters/${id}`, { action: "split", asset_ids: objects });
export const splitInto = (id, parts) => patch(`/clusters/${id}`, { action: "split", parts });
export const preview = (id, query, signal) => get(`/clusters/${id}/preview`, query, { signal });
export const link = (kind, objects) => post("/links", { kind, system_ids: objects });

/** Do it to each and say how it went; `text(number)` tells of those that it was done to. */
export async function decideEach(things, text, act, again) {
  await report(await toEach(things, act, { atOnce: 1 }), text, again);
}

/**
 * Move objects to a cluster, or to a new one that they share. Answers `{done, failed}`; the way back
 * is the decision of each answer.
 */
export async function move(objects, into, progress) {
  const put = (goal) => (id) => post(`/objects/${encodeURIComponent(id)}/move`, { cluster_id: goal });
  if (into !== null) return toEach(objects, put(into), { progress });
  const [first, ...rest] = objects;
  const made = await toEach([first], put(null));
  if (!made.done.length) return { done: [], failed: [...made.failed, ...rest.map((of) => ({ of, error: made.failed[0].error }))] };
  const goal = made.done[0].answer.cluster_id ?? made.done[0].answer.made[0];
  const others = await toEach(rest, put(goal), { progress: (done, of) => progress?.(done + 1, of + 1) });
  return { done: [...made.done, ...others.done], failed: others.failed };
}

/** Say what was decided about many, with a way back, and what could not be. */
export async function report({ done, failed }, text, again = () => {}) {
  if (done.length) undoable(text(done.length), decided(done.map(({ answer }) => answer)));
  if (failed.length) toast(`${count(failed.length)} of ${count(done.length + failed.length)} could not be: ${reasons(failed)}`, { bad: true });
  await Promise.resolve(again()).catch(complain);
}
