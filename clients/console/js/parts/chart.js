/**
 * Charts of our own. Each has its numbers as a table behind it, for those who would rather read;
 * times at which there was nothing are left out there.
 */

import { h, svg } from "../dom.js";
import { table } from "./table.js";

const WIDTH = 320;
const HEIGHT = 88;
const EDGE = 3;

/** Bars with a label and a number each: `rows` are `{label, value, text, tone?}`. */
export function bars(label, rows, { most = Math.max(1, ...rows.map((row) => row.value)) } = {}) {
  return h("ul", { class: "bars", "aria-label": label }, rows.map((row) => h("li", {},
    h("span", { class: "bar-label", title: row.label }, row.label),
    h("span", { class: "bar-track", "aria-hidden": "true" },
      h("span", { class: `bar-fill ${row.tone ?? ""}`.trim(), style: { width: `${(100 * row.value) / most}%` } })),
    h("span", { class: "bar-text" }, row.text ?? String(row.value)))));
}

/** A share as a bar with its number behind it. */
export function share(value, text) {
  return h("span", { class: "share" },
    h("span", { class: "bar-track", "aria-hidden": "true" }, h("span", { class: "bar-fill", style: { width: `${100 * value}%` } })),
    h("span", { class: "bar-text" }, text));
}

/**
 * Columns that stand on each other, one pile for each of `times`. `series` are
 * `{name, tone, values}`; `shown` writes a value.
 */
export function columns(label, times, series, shown = String) {
  const most = Math.max(1, ...times.map((_, at) => series.reduce((sum, one) => sum + (one.values[at] ?? 0), 0)));
  const step = WIDTH / Math.max(1, times.length);
  const drawn = times.flatMap((_, at) => {
    let below = HEIGHT;
    return series.map((one) => {
      const height = ((one.values[at] ?? 0) / most) * (HEIGHT - 4);
      below -= height;
      return height > 0 && svg("rect", {
        class: `tone-${one.tone}`, x: at * step + step * 0.08, width: step * 0.84, y: below, height,
      });
    });
  });
  return figure(label, times, series, most, shown, drawn);
}

/** Lines over time. Where a value is `null` there is a gap. */
export function lines(label, times, series, shown = String) {
  const most = Math.max(1, ...series.flatMap((one) => one.values.map((value) => value ?? 0)));
  // Away from the edges, where half of a dot would be cut off.
  const x = (at) => (times.length > 1 ? EDGE + (at * (WIDTH - 2 * EDGE)) / (times.length - 1) : WIDTH / 2);
  const y = (value) => HEIGHT - 2 - (value / most) * (HEIGHT - 6);
  const drawn = series.flatMap((one) => {
    const isThere = (at) => (one.values[at] ?? null) !== null;
    const places = one.values.map((value, at) => (value === null ? "" : `${x(at).toFixed(1)} ${y(value).toFixed(1)}`));
    const line = places.map((place, at) => place && `${isThere(at - 1) ? "L" : "M"}${place}`).join("");
    // A value without neighbours makes no line: it is a dot.
    const dots = places.map((place, at) => place && !isThere(at - 1) && !isThere(at + 1) ? `M${place}h0.01` : "").join("");
    const drawing = (d, look) => d && svg("path", { class: `tone-${one.tone} ${look}`.trim(), d, "vector-effect": "non-scaling-stroke" });
    return [drawing(line, ""), drawing(dots, "dots")];
  });
  return figure(label, times, series, most, shown, drawn);
}

const clock = new Intl.DateTimeFormat(navigator.language || "en", { hour: "2-digit", minute: "2-digit" });
const dayAndClock = new Intl.DateTimeFormat(navigator.language || "en", { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });

function figure(label, times, series, most, shown, drawn) {
  const spans = times.length > 1 && new Date(times.at(-1)) - new Date(times[0]) > 20 * 3_600_000;
  const at = (time) => (spans ? dayAndClock : clock).format(new Date(time));
  const told = series.map((one) => `${one.name} at most ${shown(Math.max(0, ...one.values.map((value) => value ?? 0)))}`);
  return h("figure", { class: "chart" },
    h("figcaption", {}, h("span", { class: "chart-name" }, label),
      series.map((one) => h("span", { class: "key" }, h("span", { class: `swatch tone-${one.tone}`, "aria-hidden": "true" }), one.name))),
    h("div", { class: "chart-body" },
      h("span", { class: "chart-most small quiet" }, shown(most)),
      svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": `${label}: ${told.join(", ")}.` },
        svg("path", { class: "grid", d: `M0 4H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT - 0.5}H${WIDTH}`, "vector-effect": "non-scaling-stroke" }), drawn)),
    h("div", { class: "chart-ends small quiet" }, h("span", {}, times.length ? at(times[0]) : ""), h("span", {}, times.length > 1 ? at(times.at(-1)) : "")),
    h("details", { dataset: { key: `${label} as a table` } }, h("summary", {}, h("span", { class: "unseen" }, `${label} `), "as a table"), table(label, [
      { label: "Time", heads: true, cell: (row) => dayAndClock.format(new Date(times[row])) },
      ...series.map((one) => ({ label: one.name, number: true, cell: (row) => (one.values[row] === null ? "—" : shown(one.values[row])) })),
    ], [...times.keys()].filter((row) => series.some((one) => one.values[row])))));
}
