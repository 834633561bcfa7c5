/** The dates at the edge of the window: drag or use the arrow keys to be there at once. */

import { fill, h } from "../dom.js";

const APART = 22;
const TOLD_MS = 900;

/** `shown` is a grid of months. `place(at)` is to be told where it is. */
export function scrubber(shown, signal) {
  const years = h("div", { class: "years", "aria-hidden": "true" });
  const here = h("div", { class: "here", "aria-hidden": "true" }, h("span", {}));
  const element = h("div", {
    class: "scrubber", role: "slider", tabindex: "0", "aria-label": "Date", "aria-orientation": "vertical",
    "aria-valuemin": "0", "aria-valuenow": "0", "aria-valuemax": "0",
  }, years, here);
  let now = 0;
  let room = 1;

  function build() {
    const { sections, height } = shown.layout();
    element.hidden = sections.length < 2;
    element.setAttribute("aria-valuemax", Math.max(0, sections.length - 1));
    room = element.clientHeight || 1;
    const labels = [];
    let year = null;
    let free = -APART;
    for (const section of sections) {
      const begins = section.key.slice(0, 4);
      const y = (section.y / height) * room;
      if (begins !== year && y >= free + APART && y < room - 8) {
        labels.push(h("span", { style: { transform: `translateY(${Math.round(y)}px)` } }, begins));
        free = y;
      }
      year = begins;
    }
    fill(years, labels);
  }

  function place(at) {
    const { sections, height } = shown.layout();
    now = sections.findIndex((section) => section.key === at?.key);
    if (now < 0) return;
    const section = sections[now];
    const inside = section.count ? at.from / section.count : 0;
    const share = (section.y + inside * section.rows * shown.layout().step) / height;
    here.style.transform = `translateY(${Math.round(share * room)}px)`;
    here.firstChild.textContent = section.label;
    element.setAttribute("aria-valuenow", now);
    element.setAttribute("aria-valuetext", section.label);
  }

  function drag(event) {
    const box = element.getBoundingClientRect();
    const { sections, height, step, columns } = shown.layout();
    const y = Math.max(0, Math.min(0.9999, (event.clientY - box.top) / box.height)) * height;
    const section = sections.findLast((each) => each.y <= y);
    const row = Math.max(0, Math.floor((y - section.y - section.head) / step));
    shown.goTo(section.key, Math.min(section.count - 1, row * columns));
  }

  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    element.classList.add("dragged", "held");
    drag(event);
    event.preventDefault();
    element.focus({ preventScroll: true });
  });
  element.addEventListener("pointermove", (event) => { if (element.hasPointerCapture(event.pointerId)) drag(event); });
  element.addEventListener("lostpointercapture", () => element.classList.remove("dragged"));
  element.addEventListener("keydown", (event) => {
    element.classList.remove("held");
    const { sections } = shown.layout();
    const year = (step) => {
      const mine = sections[now].key.slice(0, 4);
      const at = step > 0 ? sections.findIndex((each) => each.key.slice(0, 4) < mine) : sections.findIndex((each) => each.key.slice(0, 4) === String(Number(mine) + 1));
      return at < 0 ? now : at;
    };
    const goals = { ArrowDown: () => now + 1, ArrowUp: () => now - 1, PageDown: () => year(1), PageUp: () => year(-1), Home: () => 0, End: () => sections.length - 1 };
    if (!(event.key in goals) || !sections.length) return;
    event.preventDefault();
    shown.goTo(sections[Math.max(0, Math.min(sections.length - 1, goals[event.key]()))].key);
  });
  let quiet = 0;
  addEventListener("scroll", () => {
    element.classList.add("moving");
    clearTimeout(quiet);
    quiet = setTimeout(() => element.classList.remove("moving"), TOLD_MS);
  }, { passive: true, signal });
  addEventListener("resize", build, { signal });
  return { element, build, place };
}
