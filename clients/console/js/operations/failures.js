/** What failed, by stage and reason, and trying a group of it again. */

import { get, post } from "../api.js";
import { fill, h } from "../dom.js";
import { every } from "../live.js";
import { confirm } from "../parts/dialog.js";
import { waiting } from "../parts/states.js";
import { cards } from "../parts/table.js";
import { complain, toast } from "../parts/toast.js";
import { link } from "../router.js";
import { ago, count, moment, several } from "../words.js";
import { onChange, redraw } from "../parts/redraw.js";

export async function showFailures(place, scope, signal) {
  const list = h("div", {});
  const group = h("div", {});
  const look = onChange(() => get("/admin/failures", scope, { signal }), (found) => redraw(list, drawn(found)));
  await look();
  fill(place, h("div", { class: "stack sections" }, list, group));
  void every(3000, look, signal);

  function drawn(found) {
    if (!found.items.length) return h("p", { class: "notice" }, "Nothing has failed.");
    return cards("Failures", [
      { label: "Reason", heads: true, cell: (one) => [one.detail || one.code, " ", h("code", { class: "small quiet" }, one.code)] },
      { label: "Stage", cell: (one) => one.stage },
      ...(scope.all_owners ? [{ label: "Last owner", cell: (one) => one.owner }] : []),
      { label: "How many", number: true, cell: (one) => count(one.failures) },
      { label: "Again?", cell: (one) => h("span", { class: `chip ${one.retryable ? "warn" : ""}`.trim() }, one.retryable ? "may help" : "will not help") },
      { label: "Last", cell: (one) => h("time", { datetime: one.last_seen, title: moment(one.last_seen) }, ago(one.last_seen)) },
      { label: "What you can do", acts: true, cell: (one) => h("span", { class: "row" },
        h("button", { type: "button", dataset: { key: `list ${one.stage} ${one.code}` }, "aria-label": `Show what failed in ${one.stage} with ${one.code}`, on: { click: () => open(one) } }, "Show"),
        h("button", { type: "button", dataset: { key: `replay ${one.stage} ${one.code}` }, "aria-label": `Try ${one.code} in ${one.stage} again`, on: { click: () => replay(one) } }, "Try again…")) },
    ], found.items);
  }

  async function open(one) {
    const title = h("h2", { tabindex: "-1" }, `${one.code} in ${one.stage}`);
    const body = h("div", { class: "stack" }, waiting());
    fill(group, h("section", { class: "stack" }, h("div", { class: "row" }, title, h("button", { type: "button", on: { click: () => fill(group) } }, "Close")), body));
    title.focus();
    const shown = [];
    let cursor;
    await further().catch((error) => { fill(group); complain(error); });

    async function further() {
      const page = await get(`/admin/failures/${encodeURIComponent(one.stage)}/${encodeURIComponent(one.code)}`, { owner: whose(one), cursor }, { signal });
      shown.push(...page.items);
      cursor = page.next_cursor;
      fill(body, cards(`Objects with ${one.code} in ${one.stage}`, [
        { label: "Object", heads: true, cell: (each) => h("a", { href: link("objects", each.system_id) }, each.filename ?? each.system_id) },
        { label: "Why", cell: (each) => each.detail },
        { label: "Attempts", number: true, cell: (each) => count(each.attempt) },
        { label: "When", cell: (each) => h("time", { datetime: each.failed_at, title: moment(each.failed_at) }, ago(each.failed_at)) },
      ], shown), cursor && h("div", {}, h("button", { type: "button", on: { click: () => further().catch(complain) } }, "Show more")));
    }
  }

  /** Of a group of many owners it is the one who was seen last. */
  function whose(one) {
    return scope.all_owners ? one.owner : scope.owner;
  }

  const address = (one) => `/admin/replay${whose(one) ? `?owner=${encodeURIComponent(whose(one))}` : ""}`;

  /** The server takes a bounded number at a time, and says where to go on. */
  async function replay(one) {
    const text = `What failed in ${one.stage} with this reason begins anew${scope.all_owners ? `, of ${one.owner} alone` : ""}.${one.retryable ? "" : " Without a change to the files or to the system they will most likely fail again."} What people decided stays.`;
    if (!(await confirm(`Try “${one.code}” again?`, text, { answer: "Try again" }))) return;
    let queued = 0;
    try {
      let cursor = null;
      do {
        const answered = await post(address(one), { stage: one.stage, code: one.code, ...(cursor ? { cursor } : {}) }, { signal });
        queued += answered.queued;
        cursor = answered.next_cursor ?? null;
      } while (cursor);
      toast(`${several(queued, "stage")} ${queued === 1 ? "is" : "are"} tried again.`);
      await look();
    } catch (error) {
      complain(error);
    }
  }
}
