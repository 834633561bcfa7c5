/** What people say of an object: stars, tags, comments. Whatever is entered is saved by itself. */

import { patch } from "../api.js";
import { h } from "../dom.js";
import { tags } from "../parts/tags.js";
import { complain, toast } from "../parts/toast.js";
import { link } from "../router.js";
import * as session from "../session.js";
import { comments } from "./comments.js";

const MOST_STARS = 5;

/**
 * Made once for a view. `changed(object)` is told what the server answers to a change, with `null`
 * when it has to be asked. Answers `{element, show(object)}`.
 */
export function care(object, { named, changed, signal }) {
  const path = `/objects/${object.system_id}`;
  const mayChange = session.may("uploader");
  const key = session.key();
  let rating = object.rating;
  let wanted = rating;
  let asked = rating;
  let isRating = false;
  // Sent even when the page goes in the same moment.
  const save = (edit) => patch(path, edit, { key, keepalive: true });
  const labels = tags({ mayChange, address: (label) => link("library", null, { tags: label }), change, lost: sayLost });
  const stars = starsOf();
  const words = comments(object, { mayChange, named, changed: () => changed(null), signal });
  labels.element.addEventListener("focusout", (event) => {
    // Who looks at another window or tab has gone on to nothing else here: the field is still the active one.
    if (!labels.element.contains(event.relatedTarget) && !labels.element.contains(document.activeElement)) void labels.addTyped();
  });
  // Who goes on to something else meant the tag that was typed and not added.
  addEventListener("pagehide", labels.addTyped, { signal });
  addEventListener("pagehide", () => { if (isRating && asked !== wanted) save({ rating: wanted }).catch(() => {}); }, { signal });
  signal.addEventListener("abort", labels.addTyped);
  show(object);
  return {
    element: h("div", { class: "stack" },
      h("section", { class: "card stack" }, h("h2", {}, "Rating and comments"), stars, words.element),
      h("section", { class: "card stack" }, h("h2", {}, "Tags"), labels.element)),
    show,
  };

  function show(now) {
    labels.show(now.tags);
    if (!isRating) {
      rating = now.rating;
      drawStars();
    }
    words.show(now);
  }

  async function change(edit) {
    const now = await save({ tags: edit });
    changed(now);
    return now;
  }

  function sayLost(typed, error, again) {
    toast(`“${named}” is not tagged ${typed.join(", ")}: ${error.message}`, { bad: true, action: { label: "Try again", run: () => again().catch((other) => sayLost(typed, other, again)) } });
  }

  function starsOf() {
    const one = (value) => h("label", { title: value ? `${value} of ${MOST_STARS}` : "No rating" },
      h("input", { type: "radio", name: "rating", value, disabled: !mayChange, "aria-label": value === 0 ? "No rating" : value === 1 ? "1 star" : `${value} stars` }),
      h("span", { "aria-hidden": "true" }, value ? "★" : "✕"));
    return h("fieldset", { class: "stars", on: { change: rate } }, h("legend", { class: "unseen" }, "Rating"),
      Array.from({ length: MOST_STARS + 1 }, (_, value) => one(value)));
  }

  function drawStars() {
    for (const input of stars.querySelectorAll("input")) input.checked = Number(input.value) === (rating ?? 0);
  }

  /** One after the other, or an earlier one might be kept last; of those that come meanwhile the last is meant. */
  async function rate(event) {
    wanted = Number(event.target.value) || null;
    if (isRating) return;
    isRating = true;
    do {
      asked = wanted;
      try {
        const now = await save({ rating: asked });
        rating = now.rating;
        if (asked === wanted) changed(now);
      } catch (error) {
        if (asked === wanted) complain(error);
      }
    } while (asked !== wanted);
    isRating = false;
    drawStars();
  }
}
