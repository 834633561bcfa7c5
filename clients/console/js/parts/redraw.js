/** Showing something anew every few seconds without taking it out of the reader's hands. */

import { fill } from "../dom.js";

/**
 * Replace what is in `place`. What has the same `data-key` as before stays open, scrolled and
 * focused as it was.
 */
export function redraw(place, ...content) {
  const held = [...place.querySelectorAll("[data-key]")].map((each) => ({
    key: each.dataset.key, open: each.open, left: each.scrollLeft, top: each.scrollTop, focused: each === document.activeElement || (each.matches("details") && each.querySelector("summary") === document.activeElement),
  }));
  fill(place, ...content);
  const now = new Map([...place.querySelectorAll("[data-key]")].map((each) => [each.dataset.key, each]));
  for (const was of held) {
    const each = now.get(was.key);
    if (!each) continue;
    if (was.open !== undefined) each.open = was.open;
    each.scrollLeft = was.left;
    each.scrollTop = was.top;
    if (was.focused) (each.matches("details") ? each.querySelector("summary") : each).focus({ preventScroll: true });
  }
}

/**
 * Replace what is in `place` after its reader did something there. Who had the focus in it has it
 * on what is labelled the same, in its turn, or where nothing is any more, on `heading`.
 */
export function refill(place, heading, ...content) {
  const held = place.contains(document.activeElement) ? document.activeElement : null;
  const label = (element) => element.getAttribute("aria-label") ?? element.textContent;
  const alike = () => [...place.querySelectorAll(held.localName)].filter((each) => label(each) === label(held));
  const turn = held ? alike().indexOf(held) : 0;
  fill(place, ...content);
  if (held) (alike().slice(0, turn + 1).at(-1) ?? heading).focus({ preventScroll: true });
}

/**
 * Calls `draw(found)` whenever what `look` finds is not what it found before. Of looks that
 * overlap the one that began last tells how it is.
 */
export function onChange(look, draw) {
  let last;
  let looks = 0;
  return async () => {
    const mine = (looks += 1);
    const found = await look();
    const told = JSON.stringify(found);
    if (mine !== looks || told === last) return;
    last = told;
    draw(found);
  };
}
