/**
 * A map of spots, drawn here: no tile server is asked where somebody's pictures were taken.
 *
 *     const shown = map({ load, pick, signal, label });
 *     place.append(shown.element); shown.start();      // or start([west, south, east, north])
 *
 * `load({bbox, zoom}, signal)` answers spots as `GET /map` has them, for the part that is seen; it is
 * asked again when that changes. `pick(spot)` is told when one is chosen. `shown.look(latitude,
 * longitude, zoom)` goes there, `shown.bbox()` is what is seen. Drag, wheel, two fingers, the
 * buttons, or arrows, + and − on the keyboard move it. Views that use it load "map.css".
 */

import { fill, h } from "../dom.js";
import { count, several } from "../words.js";
import { land } from "./land.js";
import { complain } from "./toast.js";

const TILE = 256;
const STEEPEST = 85.05;
const MOST_ZOOM = 17;
const MOST_FITTED = 9;
// Where a map begins there is some coast to be seen, even of a single spot.
const MOST_BEGUN = 6;
const SETTLED_MS = 150;
const TURNS = [-360, 0, 360];
const WORLD = { bbox: "-180,-85,180,85", zoom: 2 };
const radians = (degrees) => (degrees * Math.PI) / 180;

/** Mercator: the whole world is a square from 0 to 1. */
const across = (longitude) => (longitude + 180) / 360;
const down = (latitude) => {
  const steep = radians(Math.max(-STEEPEST, Math.min(STEEPEST, latitude)));
  return (1 - Math.log(Math.tan(steep) + 1 / Math.cos(steep)) / Math.PI) / 2;
};
const latitudeAt = (y) => (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;

export function map({ load, pick, signal, label = "Map" }) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const spots = h("div", { class: "spots" });
  const said = h("p", { class: "unseen", role: "status" });
  const element = h("div", { class: "map", role: "group", "aria-label": `${label}. Arrow keys move it, plus and minus zoom.`, tabindex: "0" },
    canvas, spots, said, h("div", { class: "zoom" },
      h("button", { type: "button", "aria-label": "Zoom in", on: { click: () => zoomBy(1) } }, "+"),
      h("button", { type: "button", "aria-label": "Zoom out", on: { click: () => zoomBy(-1) } }, "−")));
  const view = { x: 0.5, y: 0.42, zoom: 1 };
  const fingers = new Map();
  let coasts = null;
  let found = [];
  let settling = 0;
  let asking = null;
  let frame = 0;
  let dragged = 0;

  const scale = () => TILE * 2 ** view.zoom;
  const least = () => Math.max(0, Math.log2(Math.max(element.clientWidth, 1) / TILE));

  function toScreen(longitude, latitude) {
    return [(across(longitude) - view.x) * scale() + element.clientWidth / 2, (down(latitude) - view.y) * scale() + element.clientHeight / 2];
  }

  function bbox() {
    const half = element.clientWidth / 2 / scale();
    const tall = element.clientHeight / 2 / scale();
    const edge = (value) => Math.max(0, Math.min(1, value));
    return [edge(view.x - half) * 360 - 180, latitudeAt(edge(view.y + tall)), edge(view.x + half) * 360 - 180, latitudeAt(edge(view.y - tall))];
  }

  function moved() {
    view.zoom = Math.max(least(), Math.min(MOST_ZOOM, view.zoom));
    const half = Math.min(0.5, element.clientWidth / 2 / scale());
    const tall = Math.min(0.5, element.clientHeight / 2 / scale());
    view.x = Math.max(half, Math.min(1 - half, view.x));
    view.y = Math.max(tall, Math.min(1 - tall, view.y));
    frame ||= requestAnimationFrame(draw);
    clearTimeout(settling);
    settling = setTimeout(refresh, SETTLED_MS);
  }

  function draw() {
    frame = 0;
    if (signal.aborted) return;
    const sharp = devicePixelRatio;
    const [wide, high] = [element.clientWidth, element.clientHeight];
    if (canvas.width !== wide * sharp || canvas.height !== high * sharp) [canvas.width, canvas.height] = [wide * sharp, high * sharp];
    const looks = getComputedStyle(canvas);
    const pen = canvas.getContext("2d");
    pen.setTransform(sharp, 0, 0, sharp, 0, 0);
    pen.clearRect(0, 0, wide, high);
    pen.fillStyle = looks.color;
    pen.strokeStyle = looks.outlineColor;
    pen.beginPath();
    for (const ring of coasts ?? []) {
      for (const turn of TURNS) {
        ring.forEach(([longitude, latitude], at) => pen[at ? "lineTo" : "moveTo"](...toScreen(longitude + turn, latitude)));
        pen.closePath();
      }
    }
    pen.fill();
    pen.stroke();
    for (const { button, spot } of found) {
      const [x, y] = toScreen(spot.longitude, spot.latitude);
      button.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px) translate(-50%, -50%)`;
      button.hidden = x < -40 || y < -40 || x > wide + 40 || y > high + 40;
    }
  }

  async function refresh() {
    asking?.abort();
    asking = new AbortController();
    const stop = AbortSignal.any([asking.signal, signal]);
    try {
      const answer = await load({ bbox: bbox().map((each) => each.toFixed(5)).join(","), zoom: Math.max(0, Math.floor(view.zoom)) }, stop);
      found = answer.map((spot) => ({ spot, button: buttonOf(spot) }));
      fill(spots, found.map(({ button }) => button));
      const all = answer.reduce((sum, spot) => sum + spot.count, 0);
      said.textContent = `${several(all, "object")} in ${several(answer.length, "place")}`;
      draw();
    } catch (error) {
      complain(error);
    }
  }

  function buttonOf(spot) {
    const near = `${Math.abs(spot.latitude).toFixed(1)}° ${spot.latitude < 0 ? "south" : "north"}, ${Math.abs(spot.longitude).toFixed(1)}° ${spot.longitude < 0 ? "west" : "east"}`;
    return h("button", {
      type: "button", class: spot.cover?.thumbnail ? "spot pictured" : "spot",
      "aria-label": `${several(spot.count, "object")} near ${near}`,
      on: { click: () => { if (dragged < 5) pick(spot); } },
    }, spot.cover?.thumbnail && h("img", { src: spot.cover.thumbnail, alt: "", draggable: "false" }),
    (spot.count > 1 || !spot.cover?.thumbnail) && h("span", {}, count(spot.count)));
  }

  function zoomBy(steps, x = element.clientWidth / 2, y = element.clientHeight / 2) {
    const aside = [x - element.clientWidth / 2, y - element.clientHeight / 2];
    const before = scale();
    view.zoom = Math.max(least(), Math.min(MOST_ZOOM, view.zoom + steps));
    view.x += aside[0] / before - aside[0] / scale();
    view.y += aside[1] / before - aside[1] / scale();
    moved();
  }

  function pan(dx, dy) {
    view.x -= dx / scale();
    view.y -= dy / scale();
    moved();
  }

  function dragging(event) {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const others = [...fingers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    if (others.length) {
      const apart = (point) => Math.hypot(point.x - others[0].x, point.y - others[0].y) || 1;
      const box = element.getBoundingClientRect();
      zoomBy(Math.log2(apart({ x: event.clientX, y: event.clientY }) / apart(before)), (event.clientX + others[0].x) / 2 - box.left, (event.clientY + others[0].y) / 2 - box.top);
    }
    dragged += Math.hypot(event.clientX - before.x, event.clientY - before.y);
    pan((event.clientX - before.x) / (others.length + 1), (event.clientY - before.y) / (others.length + 1));
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    // Only what is dragged is held fast: a press alone is meant for the spot below it.
    if (dragged >= 5 && !element.hasPointerCapture(event.pointerId)) element.setPointerCapture(event.pointerId);
  }

  element.addEventListener("pointerdown", (event) => {
    if (event.target.closest(".zoom")) return;
    if (!fingers.size) dragged = 0;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  element.addEventListener("pointermove", dragging);
  for (const over of ["pointerup", "pointercancel"]) addEventListener(over, (event) => fingers.delete(event.pointerId), { signal });
  element.addEventListener("wheel", (event) => {
    event.preventDefault();
    const box = element.getBoundingClientRect();
    zoomBy(-event.deltaY / (event.deltaMode ? 8 : 240), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
  element.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [80, 0], ArrowRight: [-80, 0], ArrowUp: [0, 80], ArrowDown: [0, -80] };
    if (event.key in moves) pan(...moves[event.key]);
    else if (event.key === "+" || event.key === "=") zoomBy(1);
    else if (event.key === "-") zoomBy(-1);
    else return;
    event.preventDefault();
  });
  /** To where the whole of a part is seen. */
  function fit(west, south, east, north, most = MOST_FITTED) {
    const wide = Math.max(1e-6, across(east) - across(west));
    const high = Math.max(1e-6, down(south) - down(north));
    const zoom = Math.log2(Math.min(element.clientWidth / wide, element.clientHeight / high) / TILE) - 0.4;
    Object.assign(view, { x: across(west) + wide / 2, y: down(north) + high / 2, zoom: Math.min(most, zoom) });
    moved();
  }

  const watch = new ResizeObserver(moved);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw, { signal });
  const themes = new MutationObserver(draw);
  themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  signal.addEventListener("abort", () => { watch.disconnect(); themes.disconnect(); });

  return {
    element, bbox, refresh,
    look: (latitude, longitude, zoom) => { Object.assign(view, { x: across(longitude), y: down(latitude), zoom }); moved(); },
    fit,
    /** Begin, with all that there is in view, or with `box`. */
    start: async (box = null) => {
      watch.observe(element);
      const [drawn, all] = await Promise.all([land(), box ? [] : load(WORLD, signal).catch(() => [])]);
      coasts = drawn;
      const sides = (at, pick) => pick(...all.map((spot) => spot.bbox?.[at] ?? [spot.longitude, spot.latitude][at % 2]));
      if (box) fit(...box);
      else if (all.length) fit(sides(0, Math.min), sides(1, Math.min), sides(2, Math.max), sides(3, Math.max), MOST_BEGUN);
      else moved();
    },
  };
}
