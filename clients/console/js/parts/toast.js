/**
 * A short word at the foot of the page, with at most one thing to do about it. It is said once to
 * who does not see it, and leaves by itself: whatever it offers is to be had in another way, too.
 */

import { fill, h } from "../dom.js";

const MOST = 3;
const LOOK_MS = 250;
// A plain word, and one with something to do or to understand; each letter gives time to read it.
const SHORT_MS = 6000;
const LONG_MS = 20_000;
const LETTER_MS = 50;

const standing = [];
// Where the keyboard was before it came here, to go back there.
let before = null;
let clock = null;

/**
 * Say it. `action` is `{label, run}`, such as another try; pressing it closes the toast, unless the
 * action `stays`. `keys` of it tell what else does it. Answers `{say, busy, close, isShown}`:
 * `say(text, options)` puts another word in its place, also when it has left; `busy(text)` shows
 * that something is going on and answers a function that is told how far that is.
 */
export function toast(text, { action = null, bad = false } = {}) {
  const word = h("span", {});
  const act = h("span", { class: "act" });
  const element = h("div", { class: "toast" }, word, act,
    h("button", { type: "button", class: "plain", "aria-label": "Close", on: { click: close } }, "✕"));
  const mine = { element, left: 0, matters: false, isBusy: false, close };

  function say(now, { action: next = null, bad: isBad = false } = {}) {
    mine.isBusy = false;
    mine.matters = next !== null || isBad;
    element.classList.toggle("bad", isBad);
    keepFocus(element, () => fill(act, next && button(next)));
    // Last, for it is said as it is then.
    fill(word, now);
    mine.left = (next || isBad ? LONG_MS : SHORT_MS) + word.textContent.length * LETTER_MS;
    appear(mine);
  }

  const button = ({ label, run, keys = null, stays = false }) => h("button", {
    type: "button", "aria-keyshortcuts": keys, title: keys && `Or press ${keys.replace("Control", "Ctrl")}`,
    on: { click: () => { if (!stays) close(); run(); } },
  }, label);

  function busy(now) {
    mine.isBusy = true;
    // Unlike words, a bar is not said at each step.
    const bar = h("progress", { "aria-label": "Progress" });
    element.classList.remove("bad");
    keepFocus(element, () => fill(act, bar));
    fill(word, now);
    appear(mine);
    return (done, of) => { if (of > 1) [bar.max, bar.value] = [of, done]; };
  }

  function close() {
    const at = standing.indexOf(mine);
    if (at < 0) return;
    standing.splice(at, 1);
    const hadFocus = element.contains(document.activeElement);
    element.remove();
    if (hadFocus) (before?.isConnected ? before : document.querySelector("main h1"))?.focus({ preventScroll: true });
  }

  say(text, { action, bad });
  return { say, busy, close, isShown: () => standing.includes(mine) };
}

/** What went wrong, as the server said it. An abort is nobody's fault and shows nothing. */
export function complain(error) {
  if (error.name === "AbortError") return;
  toast(error.message, { bad: true });
}

function appear(one) {
  // Of words that ask for nothing the last is enough.
  for (const each of [...standing]) if (each !== one && !each.matters && !each.isBusy) each.close();
  if (standing.includes(one)) return;
  standing.push(one);
  document.getElementById("toasts").append(one.element);
  while (standing.length > MOST) (standing.find((each) => !each.isBusy) ?? standing[0]).close();
  clock ??= setInterval(pass, LOOK_MS);
}

/** Time stands still for who points at one, is on one by keyboard, or cannot get at them. */
function pass() {
  const place = document.getElementById("toasts");
  if (place.querySelector(":hover, :focus-visible") || document.hidden || document.querySelector("dialog[open]")) return;
  for (const each of [...standing]) {
    if (each.isBusy) continue;
    each.left -= LOOK_MS;
    if (each.left <= 0) each.close();
  }
  if (standing.length) return;
  clearInterval(clock);
  clock = null;
}

/** What had the focus is replaced: it goes on to what can be pressed there. */
function keepFocus(element, change) {
  const had = element.contains(document.activeElement);
  change();
  if (had && !element.contains(document.activeElement)) element.querySelector("button").focus();
}

document.getElementById("toasts").addEventListener("focusin", ({ relatedTarget }) => {
  if (relatedTarget && !relatedTarget.closest(".toasts")) before = relatedTarget;
});
addEventListener("mammothbox:signed-out", () => [...standing].forEach((each) => each.close()));
