/** A name that is changed where it stands. */

import { h, svg } from "../dom.js";
import { isComposing } from "../parts/composing.js";

/**
 * A pencil beside `label`: pressing it puts a field in the label's place. Enter and leaving the
 * field keep what was written, Escape does not. `kept(name)` is called with another name.
 */
export function pencil(label, name, kept) {
  const button = h("button", { type: "button", class: "plain pencil", "aria-label": `Rename ${name}`, title: "Rename", on: { click: open } },
    svg("svg", { viewBox: "0 0 24 24", width: 16, height: 16, fill: "none", stroke: "currentColor", "stroke-width": "1.8", "stroke-linejoin": "round", "aria-hidden": "true" },
      svg("path", { d: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4" })));

  function open() {
    const field = h("input", { class: "rename", value: name, maxlength: "120", "aria-label": `New name of ${name}`, draggable: "false" });
    let isDone = false;
    const close = (keep, isLeft = false) => {
      if (isDone) return;
      isDone = true;
      const said = field.value.trim();
      field.replaceWith(label);
      button.hidden = false;
      const isNew = keep && said && said !== name;
      if (!isLeft) (isNew ? label : button).focus();
      if (isNew) kept(said);
    };
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (isComposing(event)) return;
      if (event.key === "Enter") close(true);
      if (event.key === "Escape") close(false);
    });
    field.addEventListener("blur", () => close(true, true));
    label.replaceWith(field);
    button.hidden = true;
    field.focus();
    field.select();
  }
  return button;
}
