/** What the figures of the workers come to, in words for somebody who was woken by them. */

import { count, several } from "../words.js";

/** Longer than a worker takes to come back for more; shorter than anybody would wait. */
const LEFT_MS = 20_000;
const UNITS = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]];

export const CONDITIONS = {
  idle: { says: "idle", tone: "" },
  working: { says: "working", tone: "good" },
  behind: { says: "falls behind", tone: "warn" },
  stuck: { says: "stands still", tone: "bad" },
};

export const givenUp = (one) => one.dead_letters.waiting + one.dead_stages;

/** How long something has lasted, such as `3 minutes`. */
export function lasting(milliseconds) {
  const [unit, length] = UNITS.find(([, each]) => milliseconds >= each) ?? [];
  return unit ? several(Math.floor(milliseconds / length), unit) : "under a minute";
}

/**
 * `{tone, title, causes}`: whether all is well, and if not, what is wrong where and what to do. A
 * cause is `{says, look}`; `look` names the worker that gave up what should be looked at.
 * `leftSince` says since when nobody was seen to take what waits for a worker, and `unready` which
 * part of the system does not answer.
 */
export function verdict(items, { leftSince, unready, now }) {
  const bad = [unready, ...items.map((one) => standing(one, leftSince.get(one.name), now))].filter(Boolean).map((says) => ({ says }));
  const late = items.filter((one) => one.condition === "behind").map((one) => ({ says: behind(one, now) }));
  const dead = items.filter(givenUp).map((one) => ({ says: lost(one, now), look: one.name }));
  const warnings = [...late, ...dead];
  const causes = [...bad, ...warnings];
  if (causes.length) return { tone: bad.length ? "bad" : "warn", title: bad.length ? "Something is wrong." : "Work goes on, but look at this.", causes };
  const waiting = items.reduce((sum, one) => sum + one.queue.waiting + one.queue.in_flight, 0);
  return { tone: "", title: waiting ? `All is well: ${several(waiting, "message")} under way, no dead letters.` : "All is well: nothing waits, and there are no dead letters.", causes };
}

function standing(one, left, now) {
  if (one.condition === "stuck") return `${one.name} stands still: its oldest work has waited for ${waited(one, now)}, and nothing has ended for five minutes. Look whether the worker runs; its log says why not.`;
  if (left && now - left >= LEFT_MS && !one.ended_lately) return `${one.name}: nobody takes the ${several(one.queue.waiting, "message")} that ${one.queue.waiting === 1 ? "waits" : "wait"} for it. Look whether the worker runs; its log says why not.`;
  return null;
}

function behind(one, now) {
  return `${one.name} falls behind: its oldest work has waited for ${waited(one, now)}, while ${count(one.ended_lately)} ended in five minutes${one.failed_lately ? `, ${count(one.failed_lately)} of them in failure` : ""}. It catches up by itself unless more arrives than it can do.`;
}

function lost(one, now) {
  return `${one.name} gave up ${count(givenUp(one))}${one.oldest_dead_at ? `, the first ${lasting(now - new Date(one.oldest_dead_at))} ago` : ""}.`;
}

const waited = (one, now) => lasting(now - new Date(one.oldest_waiting_at));
