/** Operations: how the work goes on, what went wrong, and whose keys open what. */

import { fill, h } from "../dom.js";
import { redraw } from "../parts/redraw.js";
import { failed, waiting } from "../parts/states.js";
import { showDecisions } from "../operations/decisions.js";
import { showFailures } from "../operations/failures.js";
import { showFlow } from "../operations/flow.js";
import { showHealth } from "../operations/health.js";
import { showKeys } from "../operations/keys.js";
import { showNow } from "../operations/now.js";
import { showSpaces } from "../operations/spaces.js";
import { showUsage } from "../operations/usage.js";
import { go, here, link } from "../router.js";
import { holder, may } from "../session.js";

export const title = "Operations";
export const styles = ["figures.css", "schemas.css", "operations.css"];

/** `role` is the least one that the API answers; `everyone` is about all owners at once, and `all` is for operators. */
const TABS = [
  { name: "now", label: "Now", role: "operator", show: showNow, everyone: true },
  { name: "usage", label: "Usage", role: "admin", show: showUsage },
  { name: "flow", label: "Throughput", role: "admin", show: showFlow, all: true },
  { name: "failures", label: "Failures", role: "admin", show: showFailures, all: true },
  { name: "decisions", label: "Decisions", role: "viewer", show: showDecisions },
  { name: "keys", label: "Keys", role: "admin", show: showKeys },
  { name: "spaces", label: "Spaces", role: "operator", show: showSpaces, everyone: true },
  { name: "clusters", label: "Cluster health", role: "operator", show: showHealth, everyone: true },
];

let turnTo = null;

export async function show(place, route, signal) {
  const mine = TABS.filter((tab) => may(tab.role));
  const nav = h("nav", { class: "tabs", "aria-label": "Operations" });
  const whose = h("div", {});
  const body = h("div", { class: "tab-body" });
  let leave = null;
  fill(place, h("div", { class: "head" }, h("h1", {}, "Operations"), whose), nav, body);
  turnTo = (query) => {
    leave?.abort();
    leave = new AbortController();
    return display(query, AbortSignal.any([signal, leave.signal]));
  };
  await turnTo(route.query);

  async function display(query, while_) {
    const tab = mine.find((each) => each.name === query.get("tab")) ?? mine[0];
    const owner = may("operator") ? query.get("owner") : null;
    // Who looks after everybody sees everybody first: that nothing of their own failed says nothing.
    const all = may("operator") && tab.all === true && !owner;
    redraw(nav, mine.map((each) => h("a", { href: link("operations", null, { tab: each.name, owner }), dataset: { key: each.name }, "aria-current": each === tab ? "page" : null }, each.label)));
    nav.querySelector("[aria-current]").scrollIntoView({ block: "nearest", inline: "nearest" });
    fill(whose, may("operator") && !tab.everyone && ownerForm(tab, owner, all));
    const content = h("div", {});
    fill(body, waiting());
    try {
      await tab.show(content, all ? { all_owners: true } : { owner }, while_, query);
      if (!while_.aborted) fill(body, content);
    } catch (error) {
      if (error.name !== "AbortError" && !while_.aborted) fill(body, failed(error, () => turnTo(here().query)));
    }
  }
}

/** An operator looks at one owner after another. */
function ownerForm(tab, owner, all) {
  return h("form", { class: "row owner-form", on: { submit: (event) => {
    event.preventDefault();
    const named = event.target.elements.owner.value.trim();
    go(link("operations", null, { tab: tab.name, owner: !tab.all && named === holder().owner ? null : named }));
  } } },
  tab.all && h("a", { href: link("operations", null, { tab: tab.name, owner: all ? holder().owner : null }) }, all ? "One owner" : "All owners"),
  h("label", { class: "row" }, "Owner ", h("input", { name: "owner", value: all ? "" : owner ?? holder().owner, autocomplete: "off", spellcheck: "false", maxlength: 63 })),
  h("button", {}, "Look"));
}

export function update(route) {
  void turnTo?.(route.query);
  return turnTo !== null;
}
