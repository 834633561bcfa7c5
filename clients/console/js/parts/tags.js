/**
 * Tags of an object with who said them, to add to and to take from.
 *
 *     const shown = tags({ change, mayChange, address }); shown.show(object.tags)
 *
 * `change({add, remove, forget})` does it and answers the object as it is then, with the `undo` of
 * the change. `address(label)` is where everything with that tag is. Views that use it load "tags.css".
 */

import { fill, h } from "../dom.js";
import { percent } from "../words.js";
import { labelField } from "./labels.js";
import { complain } from "./toast.js";
import { undoable } from "./undo.js";

const SOURCES = { hand: "by hand", metadata: "from the file", caption: "from the caption", "zero-shot": "by the model" };

/** Who said it and how sure that was. */
export const sourceOf = ({ source, score }) => `${SOURCES[source] ?? source}${score === null || score === undefined ? "" : `, ${percent(score)}`}`;

export function tags({ change, mayChange = true, address }) {
  const list = h("ul", { class: "tags" });
  const [input, known] = labelField({ name: "tag", maxlength: "60", placeholder: "Add a tag", "aria-label": "Add a tag" });
  const form = h("form", { class: "row", on: { submit: add } }, input, known, h("button", {}, "Add"));
  const element = h("div", { class: "stack" }, list, mayChange && form);

  function show(now) {
    if (!now.length) {
      fill(list, h("li", { class: "quiet" }, "No tags yet."));
      return;
    }
    fill(list, now.map((tag) => h("li", { class: `tag ${tag.source}` },
      h("a", { href: address(tag.label) }, tag.label),
      h("span", { class: "quiet source" }, sourceOf(tag)),
      mayChange && h("button", { type: "button", class: "plain", "aria-label": `Remove tag ${tag.label}`, on: { click: () => take(tag) } }, "✕"))));
  }

  async function run(edit) {
    try {
      const now = await change(edit);
      show(now.tags);
      return now;
    } catch (error) {
      complain(error);
      return null;
    }
  }

  async function add(event) {
    event.preventDefault();
    const labels = input.value.split(",").map((each) => each.trim()).filter(Boolean);
    if (labels.length && (await run({ add: labels }))) form.reset();
    input.focus();
  }

  async function take({ label }) {
    const now = await run({ remove: [label] });
    if (!now) return;
    undoable(`Took the tag “${label}” away.`, [{ back: async () => show((await change(now.undo)).tags) }]);
    input.focus();
  }

  return { element, show };
}
