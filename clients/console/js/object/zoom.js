/** A picture to look into: wheel, buttons, two clicks or + and − go nearer, dragging moves it. */

import { h } from "../dom.js";

const MOST = 12;

/** `address` is the preview; `full` finds that of the picture itself, which is loaded once one looks nearer. */
export function zoomable({ address, full, alt, width, height }) {
  const image = h("img", { src: address, alt, width, height, draggable: "false", decoding: "async" });
  const told = h("output", { class: "unseen" });
  const element = h("div", { class: "zoomable", tabindex: "0", role: "group", "aria-label": "Picture. Plus and minus zoom, arrow keys move it when it is enlarged." },
    image, told, h("div", { class: "zoom" },
      h("button", { type: "button", "aria-label": "Zoom in", on: { click: () => zoomTo(scale * 1.5) } }, "+"),
      h("button", { type: "button", "aria-label": "Zoom out", on: { click: () => zoomTo(scale / 1.5) } }, "−"),
      h("button", { type: "button", "aria-label": "Whole picture", on: { click: () => zoomTo(1) } }, "⤢")));
  let scale = 1;
  let x = 0;
  let y = 0;
  let from = null;

  function draw() {
    const reach = (side) => (side * (scale - 1)) / 2;
    x = Math.max(-reach(element.clientWidth), Math.min(reach(element.clientWidth), x));
    y = Math.max(-reach(element.clientHeight), Math.min(reach(element.clientHeight), y));
    image.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    element.classList.toggle("near", scale > 1);
    told.textContent = `${Math.round(scale * 100)} %`;
  }

  function zoomTo(goal, around = { x: 0, y: 0 }) {
    const next = Math.max(1, Math.min(MOST, goal));
    x = around.x - (around.x - x) * (next / scale);
    y = around.y - (around.y - y) * (next / scale);
    scale = next;
    draw();
    if (scale > 1.2 && full && image.dataset.full === undefined) loadFull();
  }

  /** The file itself may be of a kind that no browser draws: then the preview stays. */
  function loadFull() {
    image.dataset.full = "asked";
    const better = new Image();
    better.addEventListener("load", () => { image.src = better.src; });
    full().then((found) => { better.src = found; }, () => {});
  }

  const middle = (event) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 };
  };
  element.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && scale === 1 && event.deltaY > 0) return;
    event.preventDefault();
    zoomTo(scale * Math.exp(-event.deltaY / 300), middle(event));
  }, { passive: false });
  element.addEventListener("dblclick", (event) => { if (!event.target.closest("button")) zoomTo(scale > 1 ? 1 : 3, middle(event)); });
  element.addEventListener("pointerdown", (event) => {
    if (scale === 1 || event.target.closest("button")) return;
    element.setPointerCapture(event.pointerId);
    from = { x: event.clientX - x, y: event.clientY - y };
  });
  element.addEventListener("pointermove", (event) => {
    if (!from) return;
    [x, y] = [event.clientX - from.x, event.clientY - from.y];
    draw();
  });
  for (const over of ["pointerup", "pointercancel"]) element.addEventListener(over, () => { from = null; });
  element.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [80, 0], ArrowRight: [-80, 0], ArrowUp: [0, 80], ArrowDown: [0, -80] };
    if (event.key === "+" || event.key === "=") zoomTo(scale * 1.5);
    else if (event.key === "-") zoomTo(scale / 1.5);
    else if (event.key === "0") zoomTo(1);
    else if (scale > 1 && event.key in moves) { x += moves[event.key][0]; y += moves[event.key][1]; draw(); event.stopPropagation(); }
    else return;
    event.preventDefault();
  });
  return element;
}
