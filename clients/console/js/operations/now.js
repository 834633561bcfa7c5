/**
 * For operators: what is going on now. The first line says whether anybody has to do something, the
 * tables what, and the buttons do it.
 */

import { get, post } from "../api.js";
import { fill, h } from "../dom.js";
import { every } from "../live.js";
import { lines } from "../parts/chart.js";
import { confirm } from "../parts/dialog.js";
import { cards } from "../parts/table.js";
import { complain, toast } from "../parts/toast.js";
import { link } from "../router.js";
import { ago, count, moment, several } from "../words.js";
import { deadIn } from "./dead.js";
import { redraw } from "../parts/redraw.js";
import { CONDITIONS, givenUp, lasting, verdict } from "./verdict.js";

const MOST_SEEN = 200;
const HOUR = 3_600_000;

export async function showNow(place, _scope, signal) {
  const said = h("div", { role: "status" });
  const stale = h("div", { role: "status" });
  const figures = h("div", {});
  const workers = h("div", {});
  const dead = h("div", {});
  const failing = h("div", {});
  const depths = h("div", {});
  const seen = [];
  const leftSince = new Map();
  const drawn = new Map();
  let opened = null;
  let looks = 0;
  let last = Date.now();
  await look();
  fill(place, h("div", { class: "stack sections" }, h("div", { class: "stack" }, stale, said, figures, workers), dead, failing, depths));
  void every(3000, async () => {
    try {
      await look();
      await opened?.look();
      put(stale, null, null);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      const old = lasting(Date.now() - last);
      put(stale, [error.message, old], () => h("p", { class: "notice bad" }, `This is ${old} old: ${error.message}`));
    }
  }, signal);

  async function look() {
    const mine = (looks += 1);
    const [queues, failures, unready] = await Promise.all([
      get("/admin/queues", {}, { signal }), get("/admin/failures", { all_owners: true, limit: 50 }, { signal }), get("/health/ready", {}, { signal }).then(() => null, (error) => error.message),
    ]);
    // Of two looks that overlap the later one tells how it is.
    if (mine !== looks) return;
    last = Date.now();
    remember(queues.items);
    const lately = failures.items.filter((one) => last - new Date(one.last_seen) < HOUR);
    draw(queues.items, lately, unready);
  }

  /** SQS tells no age. Whether anybody takes what waits is seen by looking more than once. */
  function remember(items) {
    for (const one of items) {
      if (!one.queue.waiting || one.queue.in_flight) leftSince.delete(one.name);
      else if (!leftSince.has(one.name)) leftSince.set(one.name, last);
    }
    const sum = (pick) => items.reduce((all, one) => all + pick(one), 0);
    seen.push({ at: last, waiting: sum((one) => one.queue.waiting), working: sum((one) => one.queue.in_flight) });
    if (seen.length > MOST_SEEN) seen.shift();
  }

  function draw(items, lately, unready) {
    const now = verdict(items, { leftSince, unready, now: last });
    put(said, now, () => h("div", { class: `notice stack tight ${now.tone}`.trim() }, h("p", { class: "large" }, now.title),
      now.causes.length > 0 && h("ul", { class: "causes" }, now.causes.map(({ says, look: name }) => h("li", {}, says, name && [" ", h("button", { type: "button", "aria-label": `Look at why ${name} gave up`, dataset: { key: `look ${name}` }, on: { click: () => open(name) } }, "Look at why")])))));
    const rows = items.map((one) => ({ ...one, waits: one.oldest_waiting_at ? lasting(last - new Date(one.oldest_waiting_at)) : one.queue.waiting ? "not known" : "—" }));
    const sum = (pick) => items.reduce((all, one) => all + pick(one), 0);
    const oldest = items.map((one) => one.oldest_waiting_at).filter(Boolean).sort()[0];
    const told = [
      ["Waiting", count(sum((one) => one.queue.waiting)), oldest ? `the oldest for ${lasting(last - new Date(oldest))}` : "messages that nobody has taken yet"],
      ["In work", count(sum((one) => one.queue.in_flight)), "messages that a worker holds"],
      ["Ended", count(sum((one) => one.ended_lately)), `in five minutes, ${count(sum((one) => one.failed_lately))} failed`],
      ["Dead letters", count(sum(givenUp)), "messages and stages"],
    ];
    put(figures, told, () => h("dl", { class: "tiles" }, told.map(([name, value, beside]) => h("div", { class: "card" }, h("dt", {}, name), h("dd", {}, h("strong", {}, value), h("span", { class: "small quiet" }, beside))))));
    put(workers, rows, () => cards("Workers", columns(), rows));
    put(failing, [lately, Math.floor(last / 60_000)], () => failingLately(lately));
    if (seen.length > 1) redraw(depths, h("div", { class: "card" }, lines("All queues since you opened this page", seen.map((one) => one.at), [
      { name: "waiting", tone: "accent", values: seen.map((one) => one.waiting) },
      { name: "in work", tone: "warn", values: seen.map((one) => one.working) },
    ], count)));
  }

  /** Draws what is not as it was, so that nothing is taken out of the reader's hands for nothing. */
  function put(where, told, content) {
    const text = JSON.stringify(told);
    if (drawn.get(where) === text) return;
    drawn.set(where, text);
    redraw(where, content?.());
  }

  function columns() {
    return [
      { label: "Worker", heads: true, cell: (one) => one.name },
      { label: "Condition", cell: (one) => h("span", { class: `chip ${CONDITIONS[one.condition].tone}`.trim() }, CONDITIONS[one.condition].says) },
      { label: "Waiting", number: true, cell: (one) => count(one.queue.waiting) },
      { label: "Oldest waits", cell: (one) => h("span", { class: "nowrap" }, one.waits) },
      { label: "In work", number: true, cell: (one) => count(one.queue.in_flight) },
      { label: "Ended in 5 min", number: true, cell: (one) => [count(one.ended_lately), one.failed_lately > 0 && h("span", { class: "bad" }, `, ${count(one.failed_lately)} failed`)] },
      { label: "Dead letters", number: true, cell: (one) => (givenUp(one) ? h("strong", { class: "bad" }, count(givenUp(one))) : "0") },
      { label: "What you can do", acts: true, cell: (one) => givenUp(one) > 0 && h("button", { type: "button", "aria-label": `Try everything that ${one.name} gave up again`, dataset: { key: `redrive ${one.name}` }, on: { click: () => redrive(one) } }, "Try again…") },
    ];
  }

  function open(name) {
    const section = deadIn(name, { signal, changed: look, close: () => { opened = null; fill(dead); } });
    opened = section;
    fill(dead, section.element);
    section.element.querySelector("h2").focus();
    section.look().catch(complain);
  }

  /** The server takes a bounded number at a time. Once as many as were dead have been, the rest has died since. */
  async function redrive({ name, dead_letters: letters, dead_stages: stages }) {
    if (!(await confirm(`Try everything that ${name} gave up again?`, "This goes for all owners. Messages go back to their queue and stages are revived. The history of their attempts stays; doing it twice is harmless.", { answer: "Try again" }))) return;
    const done = { messages: 0, stages: 0 };
    let moved;
    try {
      do {
        moved = await post(`/admin/dlq/${encodeURIComponent(name)}/redrive`, undefined, { signal });
        done.messages += moved.messages;
        done.stages += moved.stages;
      } while (moved.messages + moved.stages && done.messages + done.stages < letters.waiting + letters.in_flight + stages);
      toast(`${several(done.messages, "message")} and ${several(done.stages, "stage")} are tried again.`);
      await look();
      await opened?.look();
    } catch (error) {
      complain(error);
    }
  }
}

function failingLately(groups) {
  return h("section", { class: "stack", "aria-labelledby": "failing" }, h("h2", { id: "failing" }, "What failed within the hour"),
    groups.length ? [cards("Reasons and how often", [
      { label: "Reason", heads: true, cell: (one) => [one.detail || one.code, " ", h("code", { class: "small quiet" }, one.code)] },
      { label: "Stage", cell: (one) => one.stage },
      { label: "How many", number: true, cell: (one) => count(one.failures) },
      { label: "Again?", cell: (one) => h("span", { class: `chip ${one.retryable ? "warn" : ""}`.trim() }, one.retryable ? "may help" : "will not help") },
      { label: "Last", cell: (one) => [h("time", { datetime: one.last_seen, title: moment(one.last_seen) }, ago(one.last_seen)), h("span", { class: "small quiet" }, ` of ${one.owner}`)] },
    ], groups), h("p", {}, h("a", { href: link("operations", null, { tab: "failures" }) }, "All that failed, and trying it again"))]
      : h("p", { class: "quiet" }, "Nothing."));
}
