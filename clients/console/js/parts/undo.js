/**
 * Taking back what was done: by the toast that tells of it, by Ctrl+Z or Cmd+Z whatever was done
 * last, or in a history. Whichever is used, the others know. When something was taken back,
 * `mammothbox:undone` is dispatched, for views that show it.
 */

import { post } from "../api.js";
import { h } from "../dom.js";
import { count } from "../words.js";
import { reasons, toEach } from "./bulk.js";
import { toast } from "./toast.js";

const MOST = 50;
const isMac = /Mac|iP(hone|ad)/.test(navigator.platform);
const SHORTCUT = isMac ? "Meta+Z" : "Control+Z";
const WRITTEN_IN = "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=range], [type=button])";
const LATER = "Something decided later stands on it. Take that back first: it is under Decisions.";

// What can be taken back, the last done last.
const acts = [];
let turn = Promise.resolve();

/**
 * Tell what was done, with a way back. `steps` are `{back, key}`: `back()` takes back one part of
 * it and throws when it cannot, `key` is what `settled` knows it by. Only parts that something
 * changed belong there. Steps run one after the other, or some `atOnce` when none stands on
 * another. `quiet` shows no toast, and dispatches nothing: the view tells it by itself.
 */
export function undoable(text, steps, { atOnce = 1, quiet = false } = {}) {
  if (!steps.length) return void (quiet || toast(text));
  const act = { text, steps, of: steps.length, atOnce, quiet, isGoing: false, told: null };
  acts.push(act);
  if (acts.length > MOST) acts.shift();
  if (!quiet) act.told = toast(text, { action: offer("Undo", act) });
}

/** The steps back from decisions, the last made first; each is something with a `decision_id`. */
export const decided = (made) => [made].flat().reverse().map(({ decision_id: id }) => ({ key: id, back: () => undo(id) }));

/** Take a decision back; an operator may name whose it is. */
export async function undo(decision, owner = null) {
  const asked = owner ? `?owner=${encodeURIComponent(owner)}` : "";
  const made = await post(`/decisions/${encodeURIComponent(decision)}/undo${asked}`);
  settled(decision);
  return made;
}

/** What goes by this key was taken back elsewhere, or cannot be any more: toasts say so. */
export function settled(key, word = "It was taken back.") {
  for (const act of [...acts]) {
    if (act.isGoing || !act.steps.some((each) => each.key === key)) continue;
    act.steps = act.steps.filter((each) => each.key !== key);
    if (act.steps.length) continue;
    acts.splice(acts.indexOf(act), 1);
    if (act.told?.isShown()) act.told.say([h("s", {}, act.text), ` ${word}`]);
  }
}

const offer = (label, act) => ({ label, keys: SHORTCUT, stays: true, run: () => soon(() => act) });

/** One at a time, for one may stand on another: which it is, is asked when it is its turn. */
function soon(which) {
  turn = turn.then(() => takeBack(which()));
}

async function takeBack(act) {
  if (!act || !acts.includes(act)) return;
  act.isGoing = true;
  act.told ??= toast(act.text);
  const progress = act.told.busy(act.steps.length > 1 ? `Taking back ${count(act.steps.length)}…` : "Taking back…");
  const { done, failed } = await toEach(act.steps, (step) => step.back().catch(unlessGone), { progress, atOnce: act.atOnce });
  act.isGoing = false;
  act.steps = failed.map(({ of }) => of);
  if (act.steps.length) complainOf(act, failed);
  else {
    acts.splice(acts.indexOf(act), 1);
    act.told.say([h("strong", {}, "Taken back."), " ", h("s", {}, act.text)]);
  }
  if (done.length && !act.quiet) dispatchEvent(new CustomEvent("mammothbox:undone"));
}

/** What is taken back already is as it should be. What later ones stand on is said without their ids. */
function unlessGone(error) {
  if (error.code === "depended_on") throw new Error(LATER);
  if (error.code !== "undone_before") throw error;
}

function complainOf(act, failed) {
  const isLost = failed.every(({ error }) => [404, 410, 422].includes(error.status));
  if (isLost) acts.splice(acts.indexOf(act), 1);
  const left = act.steps.length;
  const text = left === act.of ? `${act.text} This cannot be taken back${isLost ? " any more" : " now"}: ${reasons(failed)}`
    : `${count(act.of - left)} of ${count(act.of)} are taken back, ${count(left)} not: ${reasons(failed)}`;
  act.told.say(text, { bad: true, action: isLost ? null : offer("Try again", act) });
}

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "z" || !(isMac ? event.metaKey : event.ctrlKey) || event.shiftKey || event.altKey || event.defaultPrevented) return;
  if (!acts.length || event.target.closest?.(WRITTEN_IN) || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  if (!event.repeat) soon(() => acts.at(-1));
});
addEventListener("mammothbox:signed-out", () => { acts.length = 0; });
