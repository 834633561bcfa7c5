/** How much work ends, and how long it takes: a pair of charts for each stage. */

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { every } from "../live.js";
import { columns, lines } from "../parts/chart.js";
import { count, several } from "../words.js";
import { onChange, redraw } from "../parts/redraw.js";

const MINUTE = 60_000;
const PERIODS = {
  minute: { label: "The last hour", length: MINUTE, buckets: 60 },
  hour: { label: "The last two days", length: 60 * MINUTE, buckets: 48 },
  day: { label: "The last month", length: 24 * 60 * MINUTE, buckets: 30 },
};
// As work goes through them; what is not known here stands behind.
const ORDER = ["intake", "embed", "caption", "tag", "cluster", "schema"];
const REMEMBERED = "mammothbox.flow";

export async function showFlow(place, scope, signal) {
  const body = h("div", {});
  const period = h("select", { name: "period", on: { change: () => {
    localStorage.setItem(REMEMBERED, period.value);
    void look();
  } } }, Object.entries(PERIODS).map(([name, { label }]) => h("option", { value: name, selected: name === (localStorage.getItem(REMEMBERED) ?? "minute") }, label)));
  const look = onChange(async () => {
    const { length, buckets } = PERIODS[period.value];
    const end = Math.floor(Date.now() / length) * length + length;
    const begin = end - buckets * length;
    const asked = { ...scope, bucket: period.value, from: new Date(begin).toISOString(), to: new Date(end).toISOString() };
    const found = await get("/admin/throughput", asked, { signal });
    return { items: found.items, begin, length, buckets, each: period.value };
  }, (found) => redraw(body, drawn(found)));
  await look();
  fill(place, h("div", { class: "stack" }, h("label", { class: "narrow" }, "Period", period), body));
  void every(3000, look, signal);
}

function drawn({ items, begin, length, buckets, each: bucket }) {
  const times = Array.from({ length: buckets }, (_, at) => begin + at * length);
  const place = (stage) => (ORDER.includes(stage) ? ORDER.indexOf(stage) : ORDER.length);
  const stages = [...new Set(items.map((each) => each.stage))].sort((one, other) => place(one) - place(other) || (one < other ? -1 : 1));
  if (!stages.length) return h("p", { class: "notice" }, "No work ended in this time.");
  const ended = items.reduce((sum, each) => sum + each.ended, 0);
  const failed = items.reduce((sum, each) => sum + each.failed, 0);
  return h("div", { class: "stack" },
    h("p", { class: failed ? "notice warn" : "notice", role: "status" }, `${several(ended, "stage")} ended${failed ? `, ${count(failed)} of them failed` : ", none failed"}.`),
    h("div", { class: "pair" }, stages.map((stage) => {
      const mine = new Map(items.filter((each) => each.stage === stage).map((each) => [new Date(each.at).getTime(), each]));
      const values = (pick, none) => times.map((time) => (mine.has(time) ? pick(mine.get(time)) : none));
      return h("section", { class: "card stack", "aria-label": stage }, h("h2", {}, stage),
        columns(`${stage}: ended each ${bucket}`, times, [
          { name: "done", tone: "accent", values: values((one) => one.ended - one.failed, 0) },
          { name: "failed", tone: "bad", values: values((one) => one.failed, 0) },
        ], count),
        lines(`${stage}: how long`, times, [
          { name: "half within", tone: "accent", values: values((one) => one.median_ms, null) },
          { name: "95 % within", tone: "warn", values: values((one) => one.p95_ms, null) },
        ], time));
    })));
}

const time = (milliseconds) => (milliseconds < 1000 ? `${count(Math.round(milliseconds))} ms` : `${(milliseconds / 1000).toFixed(1)} s`);
