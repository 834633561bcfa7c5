/** What people say of an object: stars, tags, comments. */

import { patch } from "../api.js";
import { h } from "../dom.js";
import { tags } from "../parts/tags.js";
import { complain, toast } from "../parts/toast.js";
import { link } from "../router.js";
import * as session from "../session.js";

const MOST_STARS = 5;

/** `changed(object)` is told what the server answers to a change. */
export function care(object, changed) {
  const path = `/objects/${object.system_id}`;
  const mayChange = session.may("uploader");
  const shown = tags({
    mayChange,
    address: (label) => link("library", null, { tags: label }),
    change: async (edit) => {
      const now = await patch(path, { tags: edit });
      changed(now);
      return now.tags;
    },
  });
  shown.show(object.tags);
  return [
    h("section", { class: "card stack" }, h("h2", {}, "Rating and comments"), stars(), comments()),
    h("section", { class: "card stack" }, h("h2", {}, "Tags"), shown.element),
  ];

  function stars() {
    const choose = async (event) => {
      const rating = Number(event.target.value) || null;
      try {
        changed(await patch(path, { rating }));
      } catch (error) {
        complain(error);
      }
    };
    const one = (value) => h("label", { title: value ? `${value} of ${MOST_STARS}` : "No rating" },
      h("input", { type: "radio", name: "rating", value, checked: (object.rating ?? 0) === value, disabled: !mayChange, "aria-label": value === 0 ? "No rating" : value === 1 ? "1 star" : `${value} stars` }),
      h("span", { "aria-hidden": "true" }, value ? "★" : "✕"));
    return h("fieldset", { class: "stars", on: { change: choose } }, h("legend", { class: "unseen" }, "Rating"),
      Array.from({ length: MOST_STARS + 1 }, (_, value) => one(value)));
  }

  function comments() {
    const text = h("textarea", { name: "comments", rows: "3", maxlength: "10000", disabled: !mayChange });
    text.value = object.comments ?? "";
    const save = h("button", { disabled: true }, "Save comments");
    text.addEventListener("input", () => { save.disabled = text.value === (object.comments ?? ""); });
    return h("form", { class: "stack", on: { submit: async (event) => {
      event.preventDefault();
      try {
        const now = await patch(path, { comments: text.value || null });
        object.comments = now.comments;
        save.disabled = true;
        changed(now);
        toast("Saved.");
      } catch (error) {
        complain(error);
      }
    } } }, h("label", {}, "Comments", text), mayChange && h("div", {}, save));
  }
}
