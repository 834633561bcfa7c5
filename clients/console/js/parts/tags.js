/**
 * Tags of an object with who said them, to add to and to take from.
 *
 *     const shown = tags({ change, mayChange, address }); shown.show(object.tags)
 *
 * `change({add, remove})` does it and answers the tags as they are then. `address(label)` is where
 * everything with that tag is. Views that use it load "tags.css".
 */

import { fill, h } from "../dom.js";
import { percent } from "../words.js";
import { complain, toast } from "./toast.js";

const SOURCES = { hand: "by hand", metadata: "from the file", caption: "from the caption", "zero-shot": "by the model" };

/** Who said it and how sure that was. */
export const sourceOf = ({ source, score }) => `${SOURCES[source] ?? source}${score === null || score === undefined ? "" : `, ${percent(score)}`}`;

export function tags({ change, mayChange = true, address }) {
  const list = h("ul", { class: "tags" });
  const input = h("input", { name: "tag", maxlength: "60", autocomplete: "off", placeholder: "Add a tag", "aria-label": "Add a tag" });
  const form = h("form", { class: "row", on: { submit: add } }, input, h("button", {}, "Add"));
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
      show(await change(edit));
      return true;
    } catch (error) {
      complain(error);
      return false;
    }
  }

  async function add(event) {
    event.preventDefault();
    const labels = input.value.split(",").map((each) => each.trim()).filter(Boolean);
    if (labels.length && (await run({ add: labels, remove: [] }))) form.reset();
    input.focus();
  }

  async function take({ label }) {
    if (!(await run({ add: [], remove: [label] }))) return;
    toast(`Took the tag “${label}” away.`, { action: { label: "Undo", run: () => run({ add: [label], remove: [] }) } });
    input.focus();
  }

  return { element, show };
}
