/**
 * Things carried to a place, with a mouse, a finger or a pen. A mouse takes what it presses and
 * moves; a finger or a pen holds it for a moment first, so that scrolling stays what it was. Escape,
 * or letting go where nothing takes it, puts it back. Near an edge the page scrolls, or a list that
 * has `data-scrolls`. It is a short cut: whatever is done by it can be done by keyboard, too.
 */

import { h } from "../dom.js";

const HOLD_MS = 350;
const SLACK_PX = 8;
const EDGE_PX = 64;
const FASTEST_PX = 18;
const CLICK_MS = 300;

/**
 * Within `root`, what matches `things` can be carried to what matches `goals`. `take(thing)` answers
 * the elements that come along. `over(goal, taken)` and `left(goal)` show what would come of it,
 * `drop(goal, taken)` does it; `held(thing)` is told when a finger held one and let go right there.
 */
export function carrying(root, { things, goals, take, over, left = () => {}, drop, held = () => {}, signal }) {
  let hand = null;

  function press(event) {
    if (hand || !event.isPrimary || event.button !== 0 || event.target.closest("button, input, select, textarea, label")) return;
    const thing = event.target.closest(things);
    if (!thing) return;
    const until = new AbortController();
    hand = { thing, pointer: event.pointerId, isMouse: event.pointerType === "mouse", from: [event.clientX, event.clientY], at: [event.clientX, event.clientY], taken: null, goal: null, strayed: false, until };
    const options = { signal: until.signal };
    document.addEventListener("pointermove", move, options);
    document.addEventListener("pointerup", letGo, options);
    document.addEventListener("pointercancel", putBack, options);
    document.addEventListener("keydown", escape, { capture: true, ...options });
    addEventListener("blur", putBack, options);
    if (!hand.isMouse) hand.timer = setTimeout(lift, HOLD_MS);
  }

  function move(event) {
    if (event.pointerId !== hand.pointer) return;
    hand.at = [event.clientX, event.clientY];
    hand.strayed ||= Math.hypot(hand.at[0] - hand.from[0], hand.at[1] - hand.from[1]) > SLACK_PX;
    if (hand.taken) follow();
    else if (hand.strayed && hand.isMouse) lift();
    else if (hand.strayed) putBack();
  }

  function lift() {
    hand.taken = take(hand.thing);
    hand.taken.forEach((each) => each.classList.add("dragging"));
    hand.ghost = h("div", { class: "ghost", "aria-hidden": "true" }, hand.thing.querySelector(".picture")?.cloneNode(true), hand.taken.length > 1 && h("span", { class: "chip" }, hand.taken.length));
    document.body.append(hand.ghost);
    document.documentElement.classList.add("carrying");
    getSelection()?.removeAllRanges();
    if (!hand.isMouse) navigator.vibrate?.(10);
    follow();
    requestAnimationFrame(scroll);
  }

  function follow() {
    const [x, y] = hand.at;
    const [width, height] = [hand.ghost.offsetWidth, hand.ghost.offsetHeight];
    // Beside an arrow, but above a finger, which would hide it.
    hand.ghost.style.setProperty("transform", hand.isMouse ? `translate(${x + 12}px, ${y + 12}px)` : `translate(${x - width / 2}px, ${y - height - 28}px)`);
    const goal = document.elementFromPoint(x, y)?.closest(goals) ?? null;
    const next = goal && root.contains(goal) && !hand.taken.includes(goal) ? goal : null;
    if (next === hand.goal) return;
    leave();
    hand.goal = next;
    if (!next) return;
    next.classList.add("over");
    over(next, hand.taken);
  }

  function leave() {
    if (!hand.goal) return;
    hand.goal.classList.remove("over");
    left(hand.goal);
    hand.goal = null;
  }

  /** Once a frame for as long as something is carried: what lies beyond the edge comes nearer. */
  function scroll() {
    if (!hand?.taken) return;
    const [x, y] = hand.at;
    const list = document.elementFromPoint(x, y)?.closest("[data-scrolls]");
    const box = list?.getBoundingClientRect();
    const by = box ? pull(y, box.top, box.bottom, EDGE_PX / 2) : pull(y, document.querySelector(".bar")?.offsetHeight ?? 0, innerHeight, EDGE_PX);
    if (by) {
      (list ?? window).scrollBy({ top: by, behavior: "instant" });
      follow();
    }
    requestAnimationFrame(scroll);
  }

  function letGo(event) {
    if (event.pointerId !== hand.pointer) return;
    const { thing, taken, goal, strayed, isMouse } = hand;
    putBack();
    if (!taken) return;
    swallowClick();
    if (goal) drop(goal, taken);
    else if (!strayed && !isMouse) held(thing);
  }

  function escape(event) {
    if (event.key !== "Escape" || !hand.taken) return;
    event.preventDefault();
    event.stopPropagation();
    putBack();
    swallowClick();
  }

  function putBack() {
    if (!hand) return;
    clearTimeout(hand.timer);
    hand.until.abort();
    leave();
    hand.taken?.forEach((each) => each.classList.remove("dragging"));
    hand.ghost?.remove();
    document.documentElement.classList.remove("carrying");
    hand = null;
  }

  root.addEventListener("pointerdown", press, { signal });
  // The browser's own dragging of links and pictures, and its menu at a long press, would end it.
  root.addEventListener("dragstart", (event) => event.preventDefault(), { signal });
  root.addEventListener("contextmenu", (event) => { if (hand && !hand.isMouse) event.preventDefault(); }, { signal });
  // It has to be there before the finger is: a scroll that has begun cannot be stopped.
  root.addEventListener("touchmove", (event) => { if (hand?.taken) event.preventDefault(); }, { signal, passive: false });
  signal.addEventListener("abort", putBack);
}

/** How far to scroll in this frame for who is near an edge, or beyond it. */
function pull(y, top, bottom, edge) {
  const near = y < top + edge ? y - top - edge : y > bottom - edge ? y - bottom + edge : 0;
  return Math.round(Math.max(-1, Math.min(1, near / edge)) * FASTEST_PX);
}

/** Letting go is no click on what is below. */
function swallowClick() {
  const swallowed = new AbortController();
  addEventListener("click", (event) => {
    if (!event.isTrusted) return;
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true, signal: swallowed.signal });
  // Who presses again means it.
  addEventListener("pointerdown", () => swallowed.abort(), { capture: true, signal: swallowed.signal });
  setTimeout(() => swallowed.abort(), CLICK_MS);
}
