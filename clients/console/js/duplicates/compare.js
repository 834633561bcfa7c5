/** Two pictures compared: side by side, blinking in one place, or behind a slider. */

import { fill, h } from "../dom.js";
import { addressOf } from "../parts/picture.js";
import { link } from "../router.js";

const MODES = [["side", "Side by side"], ["blink", "Blink"], ["slide", "Slider"]];
export const SIDES = ["left", "right"];

/** The stage. `show(pair)` puts a pair on it, `blink()` is what B does, `calm()` ends blinking. */
export function compare() {
  let mode = "side";
  let pair = null;
  let front = 0;
  const stage = h("div", { class: "stage" });
  const told = h("p", { class: "small quiet told", role: "status" });
  const buttons = MODES.map(([value, label]) => h("button", { type: "button", dataset: { mode: value }, on: { click: () => set(value) } }, label));
  const element = h("div", { class: "compare" }, h("div", { class: "row" }, h("div", { class: "kinds", role: "group", "aria-label": "How to compare" }, buttons), told), stage);

  function set(next) {
    mode = next;
    front = 0;
    paint();
  }

  function paint() {
    for (const each of buttons) each.setAttribute("aria-pressed", String(each.dataset.mode === mode));
    stage.className = `stage ${mode}`;
    if (!pair) return;
    const frames = pair.objects.map((each, at) => frame(each, at));
    fill(told);
    if (mode === "side") fill(stage, frames);
    if (mode === "blink") {
      const press = h("button", { type: "button", class: "plain frame-button", "aria-label": "Show the other one", on: { click: turn } }, frames);
      fill(stage, press);
      turned();
    }
    if (mode === "slide") {
      const range = h("input", { type: "range", min: "0", max: "100", value: "50", "aria-label": "How much of the left picture is shown", on: { input: () => cut() } });
      const cut = () => frames[0].style.setProperty("clip-path", `inset(0 ${100 - Number(range.value)}% 0 0)`);
      const line = h("span", { class: "cut", "aria-hidden": "true" });
      range.addEventListener("input", () => line.style.setProperty("inset-inline-start", `${range.value}%`));
      line.style.setProperty("inset-inline-start", "50%");
      fill(stage, h("div", { class: "pile" }, frames[1], frames[0], line), range);
      cut();
    }
  }

  function frame(each, at) {
    const name = each.filename ?? SIDES[at];
    const image = h("img", { alt: `The ${SIDES[at]} one: ${name}`, decoding: "async", draggable: "false" });
    const box = h("figure", { class: "frame", dataset: { side: SIDES[at] } }, image,
      mode === "side" && h("figcaption", { class: "small" }, h("a", { href: link("objects", each.system_id) }, name)));
    addressOf(each.system_id, 1024).catch(() => null).then((address) => {
      if (address ?? each.thumbnail) image.src = address ?? each.thumbnail;
      else image.replaceWith(h("span", { class: "quiet" }, "no picture"));
    });
    return box;
  }

  function turn() {
    front = 1 - front;
    turned();
  }

  function turned() {
    stage.querySelectorAll(".frame").forEach((each, at) => each.classList.toggle("front", at === front));
    fill(told, "Shown: ", h("strong", {}, `${SIDES[front]}, ${pair.objects[front].filename ?? "without a name"}`));
  }

  return {
    element,
    show(next) {
      pair = next;
      front = 0;
      paint();
    },
    blink() {
      if (mode === "blink") turn();
      else set("blink");
    },
    calm: () => mode !== "side" && set("side"),
  };
}
