/** Pairs of duplicates, and what is decided about them. */

import { items, post } from "../api.js";
import { undo as undoDecision } from "../parts/undo.js";

const MOST = 1000;

/** What can be shown: a name, what the list is asked for, and what it means when there is none. */
export const LISTS = {
  open: ["To decide", { state: "open" }, "Nothing to decide", "When a picture arrives that is another one in other bytes, the two wait here for you."],
  exact: ["Exact", { class: "exact" }, "No exact copies", "Files with the same bytes as another one are found as they arrive; they are stored once and point to the first."],
  confirmed: ["Confirmed", { class: "same", state: "confirmed" }, "None confirmed", "Pairs that you say are one picture are here, and can be taken back."],
  dismissed: ["Dismissed", { state: "dismissed" }, "None dismissed", "Pairs that you say are different pictures are here, and can be taken back."],
};

export async function load(name, signal) {
  const found = [];
  for await (const each of items("/duplicates", { ...LISTS[name][1], limit: 200 }, { signal })) {
    found.push(each);
    if (found.length >= MOST) break;
  }
  return found;
}

export const isExact = (pair) => pair.class === "exact";

/** Of exact copies: the one that points to the other. */
export const copyOf = (pair) => pair.objects.find((each) => each.system_id !== pair.suggested_keeper);

/** Decide, and answer the pair as it is by now. */
export async function decide(pair, verdict, keep = null) {
  const said = await post(`/duplicates/${pair.id}`, keep ? { verdict, keep } : { verdict });
  return { ...pair, state: said.state, keeper: said.keeper, decision_id: said.decision_id };
}

export async function undo(pair) {
  await undoDecision(pair.decision_id);
  return { ...pair, state: "open", keeper: null, decision_id: null };
}

/** Hardly a doubt: no bit of what the pictures look like differs, nor do their colours. */
export const isCertain = (pair) => pair.state === "open" && pair.evidence.distance !== null && pair.evidence.distance <= 2 && (pair.evidence.colours ?? 0) >= 0.98;
