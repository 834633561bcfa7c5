/**
 * Tags of an object with who said them, to add to and to take from.
 *
 *     const shown = tags({ change, mayChange, address }); shown.show(object.tags)
 *
 * `change({add, remove, forget})` does it and answers the object as it is then, with the `undo` of
 * the change. `address(label)` is where everything with that tag is. `shown.addTyped()` adds what was
 * typed and not added; `lost(labels, error, again)` is told when that failed and nobody sees the field, or
 * something else is typed there; `again()` adds them after all. Views that use it load "tags.css".
 */

import { fill, h } from "../dom.js";
import { percent } from "../words.js";
import { labelField } from "./labels.js";
import { complain } from "./toast.js";
import { undoable } from "./undo.js";

const SOURCES = { hand: "by hand", metadata: "from the file", caption: "from the caption", "zero-shot": "by the model" };

/** Who said it and how sure that was. */
export const sourceOf = ({ source, score }) => `${SOURCES[source] ?? source}${score === null || score === undefined ? "" : `, ${percent(score)}`}`;

export function tags({ change, lost, mayChange = true, address }) {
  const list = h("ul", { class: "tags" });
  const [input, known] = labelField({ name: "tag", maxlength: "60", placeholder: "Add a tag", "aria-label": "Add a tag" });
  const form = h("form", { class: "row", on: { submit } }, input, known, h("button", {}, "Add"));
  const element = h("div", { class: "stack" }, list, mayChange && form);
  let changes = 0;
  let shown = 0;
  // What is being taken away, for who clicks twice means it once.
  const going = new Set();

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

  /** Of changes that overlap the last one that was answered tells how it is. */
  async function run(edit) {
    const mine = (changes += 1);
    const now = await change(edit);
    if (mine > shown) {
      shown = mine;
      show(now.tags);
    }
    return now;
  }

  function submit(event) {
    event.preventDefault();
    void addTyped();
    input.focus();
  }

  /** The field is free at once for the next one; what could not be added comes back there. */
  async function addTyped() {
    const typed = input.value;
    const labels = typed.split(",").map((each) => each.trim()).filter(Boolean);
    if (!labels.length) return;
    input.value = "";
    try {
      await run({ add: labels });
    } catch (error) {
      if (input.value || !input.isConnected) return lost(labels, error, () => run({ add: labels }));
      input.value = typed;
      complain(error);
    }
  }

  async function take({ label }) {
    if (going.has(label)) return;
    going.add(label);
    try {
      const { undo } = await run({ remove: [label] });
      undoable(`Took the tag “${label}” away.`, [{ back: () => run(undo) }]);
      input.focus();
    } catch (error) {
      complain(error);
    } finally {
      going.delete(label);
    }
  }

  return { element, show, addTyped };
}
