/** For operators: what waits in each queue, what lies dead there, and getting it moving again. */

import { get, post } from "../api.js";
import { fill, h } from "../dom.js";
import { every } from "../live.js";
import { lines } from "../parts/chart.js";
import { waiting } from "../parts/states.js";
import { confirm } from "../parts/dialog.js";
import { cards } from "../parts/table.js";
import { complain, toast } from "../parts/toast.js";
import { ago, count, moment, several } from "../words.js";
import { onChange, redraw } from "./redraw.js";

const MOST_SEEN = 200;

export async function showQueues(place, _scope, signal) {
  const list = h("div", {});
  const dead = h("div", {});
  const depths = h("div", {});
  const seen = [];
  let opened = null;
  const draws = onChange((found) => found, draw);
  const look = async () => {
    const found = await get("/admin/queues", {}, { signal });
    await draws(found);
    remember(found);
  };
  await look();
  fill(place, h("div", { class: "stack sections" }, list, depths, dead));
  void every(3000, async () => {
    await look();
    if (opened) await opened.look();
  }, signal);

  function draw(found) {
    const lost = found.items.reduce((sum, one) => sum + one.dead_letters.waiting + one.dead_stages, 0);
    redraw(list, h("div", { class: "stack" },
      h("p", { class: lost ? "notice warn" : "notice", role: "status" }, lost ? `${several(lost, "thing")} gave up and ${lost === 1 ? "waits" : "wait"} for you.` : "Nothing has given up."),
      cards("Queues", [
        { label: "Worker", heads: true, cell: (one) => one.name },
        { label: "Waiting", number: true, cell: (one) => count(one.queue.waiting) },
        { label: "In work", number: true, cell: (one) => count(one.queue.in_flight) },
        { label: "Dead letters", number: true, cell: (one) => mark(one.dead_letters.waiting) },
        { label: "Dead stages", number: true, cell: (one) => mark(one.dead_stages) },
        { label: "What you can do", acts: true, cell: (one) => h("span", { class: "row" },
          h("button", { type: "button", "aria-label": `Look at what is dead in ${one.name}`, dataset: { key: `look ${one.name}` }, on: { click: () => open(one.name) } }, "Look"),
          one.dead_letters.waiting + one.dead_stages > 0 && h("button", { type: "button", "aria-label": `Try everything dead in ${one.name} again`, dataset: { key: `redrive ${one.name}` }, on: { click: () => redrive(one) } }, "Try again…")) },
      ], found.items)));
  }

  /** The depth since the page was opened; nobody else keeps it. */
  function remember(found) {
    const sum = (pick) => found.items.reduce((all, one) => all + pick(one), 0);
    seen.push({ at: Date.now(), waiting: sum((one) => one.queue.waiting), working: sum((one) => one.queue.in_flight) });
    if (seen.length > MOST_SEEN) seen.shift();
    if (seen.length < 2) return;
    redraw(depths, h("div", { class: "card" }, lines("All queues since you opened this page", seen.map((one) => one.at), [
      { name: "waiting", tone: "accent", values: seen.map((one) => one.waiting) },
      { name: "in work", tone: "warn", values: seen.map((one) => one.working) },
    ], count)));
  }

  function open(name) {
    const title = h("h2", { tabindex: "-1" }, `Dead in ${name}`);
    const body = h("div", {}, waiting());
    fill(dead, h("section", { class: "stack", "aria-label": `Dead in ${name}` },
      h("div", { class: "row" }, title, h("button", { type: "button", on: { click: () => { opened = null; fill(dead); } } }, "Close")), body));
    opened = { look: onChange(() => get(`/admin/dlq/${encodeURIComponent(name)}`, {}, { signal }), (found) => redraw(body, letters(name, found))) };
    opened.look().catch(complain);
    title.focus();
  }

  async function redrive(one) {
    if (!(await confirm(`Try everything dead in ${one.name} again?`, "Messages go back to their queue and stages are revived. The history of their attempts stays; doing it twice is harmless.", { answer: "Try again" }))) return;
    try {
      const redriven = await post(`/admin/dlq/${encodeURIComponent(one.name)}/redrive`, undefined, { signal });
      toast(`${several(redriven.messages, "message")} and ${several(redriven.stages, "stage")} are tried again.`);
      await look();
      await opened?.look();
    } catch (error) {
      complain(error);
    }
  }
}

const mark = (number) => (number ? h("strong", { class: "bad" }, count(number)) : "0");

function letters(name, found) {
  if (!found.messages.length && !found.stages.length) return h("p", { class: "notice" }, "Nothing lies dead here.");
  return h("div", { class: "stack" },
    found.messages.length > 0 && [h("h3", {}, several(found.messages.length, "message")), h("ul", { class: "plain-list stack" }, found.messages.map((message) => h("li", { class: "card stack tight" },
      h("p", { class: "small quiet" }, `Sent ${ago(message.sent_at)}, received ${several(message.receives, "time")}`, message.asset_id && [", about ", h("code", {}, message.asset_id)]),
      h("details", { dataset: { key: message.id } }, h("summary", {}, h("span", { class: "unseen" }, `${message.id} `), "What it says"), h("pre", { class: "code", tabindex: "0" }, pretty(message.body))))))],
    found.stages.length > 0 && [h("h3", {}, several(found.stages.length, "stage")), cards(`Dead stages of ${name}`, [
      { label: "Why", heads: true, cell: (one) => [one.error_detail || one.error_code, " ", h("code", { class: "small quiet" }, one.error_code)] },
      { label: "Owner", cell: (one) => one.owner },
      { label: "Object", cell: (one) => h("code", {}, one.asset_id) },
      { label: "Attempts", number: true, cell: (one) => count(one.attempt) },
      { label: "When", cell: (one) => h("time", { datetime: one.finished_at, title: moment(one.finished_at) }, ago(one.finished_at)) },
      { label: "Request", cell: (one) => h("code", {}, one.request_id) },
    ], found.stages)]);
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
