/** One proposal: what it says, why, what it would do, and what a person has to say to it. */

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { every } from "../live.js";
import { copyButton, sql } from "../parts/code.js";
import { state } from "../parts/states.js";
import { cards } from "../parts/table.js";
import { complain, toast } from "../parts/toast.js";
import { link } from "../router.js";
import { may } from "../session.js";
import { moment } from "../words.js";
import { approve, can, override, reject, rollBack } from "./acts.js";
import { differences, versionBefore } from "./differences.js";
import { fieldList } from "./fields.js";
import { overrideForm } from "./override.js";
import { dryRun, rules } from "./proof.js";
import { BUSY, standing, verdict } from "./wording.js";

const ENDED = { active: "It is in force now.", provisional: "It is proved: it waits for your word.", rolled_back: "Rolled back: the documents are JSONB again.", failed: "Its dry run failed." };

export async function showOne(place, id, signal) {
  const head = h("div", { class: "stack" });
  const form = h("div", {});
  const body = h("div", { class: "stack sections" });
  let acting = false;
  // How many acts were answered: a look that began before is out of date by then.
  let answered = 0;
  let schema = await get(`/schemas/${id}`, {}, { signal });
  const before = await versionBefore(schema, signal);
  fill(place, head, form, body);
  draw();
  // Quick while something is under way, and now and then all the same: others decide, too.
  let looks = 0;
  void every(1000, async () => {
    looks += 1;
    if (!BUSY.has(schema.status) && looks % 5) return;
    const heard = answered;
    const found = await get(`/schemas/${id}`, {}, { signal });
    if (heard === answered) take(found);
  }, signal);

  function hear(answer) {
    answered += 1;
    take(answer);
  }

  function take(found) {
    if (found.updated_at === schema.updated_at && found.status === schema.status && found.ddl_sha256 === schema.ddl_sha256) return;
    const was = schema.status;
    schema = found;
    if (BUSY.has(was) && ENDED[found.status]) toast(ENDED[found.status], { bad: found.status === "failed" });
    draw();
  }

  /** One at a time. The button stays enabled, or it would lose the focus that comes back from the dialog. */
  async function act(doIt) {
    if (acting) return;
    acting = true;
    try {
      const answer = await doIt(schema, signal);
      if (answer) hear(answer);
    } catch (error) {
      complain(error);
      // Most often it has become another meanwhile.
      await get(`/schemas/${id}`, {}, { signal }).then(take, complain);
    } finally {
      acting = false;
    }
  }

  function draw() {
    const focused = place.contains(document.activeElement) && document.activeElement.dataset?.act;
    fill(head, heading(), summary());
    fill(body, sections(schema, before));
    if (focused) (head.querySelector(`[data-act="${focused}"]`) ?? head.querySelector("h1")).focus();
  }

  function heading() {
    const button = (name, label, doIt, look) => can(name, schema) && may("admin") && h("button", {
      type: "button", class: look, dataset: { act: name }, on: { click: () => act(doIt) },
    }, label);
    return h("div", { class: "head" },
      h("h1", { tabindex: "-1" }, `${schema.collection}, version ${schema.version}`),
      button("approve", "Approve…", approve, "main"),
      can("change", schema) && may("admin") && h("button", { type: "button", dataset: { act: "change" }, on: { click: openForm } }, "Change…"),
      button("reject", "Reject…", reject, "danger"),
      button("rollBack", "Roll back…", rollBack, "danger"));
  }

  function summary() {
    return h("div", { class: "card stack tight verdict", role: "status" },
      h("div", { class: "row" }, state(schema.status), h("a", { href: link("collections", schema.collection_id) }, "The collection"),
        h("a", { href: link("schemas", null, { collection: schema.collection }) }, "All its versions")),
      h("p", { class: "large" }, verdict(schema)),
      h("p", { class: schema.status === "failed" ? "bad" : "quiet" }, standing(schema)),
      schema.reason && h("blockquote", { class: "reason" }, schema.reason),
      schema.decided_by && h("p", { class: "small quiet" }, `Decided ${schema.decided_by_name ? `with the key “${schema.decided_by_name}”` : `by ${schema.decided_by}`}, ${moment(schema.decided_at)}`));
  }

  function openForm() {
    const close = () => { fill(form); head.querySelector('[data-act="change"]')?.focus(); };
    fill(form, h("section", { class: "card stack", "aria-labelledby": "change" }, h("h2", { id: "change" }, "Change the proposal"),
      overrideForm(schema, async (asked) => {
        const changed = await override(schema, asked, signal);
        close();
        hear(changed);
      }, close)));
    form.querySelector("input:checked, input").focus();
  }
}

function sections(schema, before) {
  const part = (name, title, ...content) => h("section", { class: "stack", "aria-labelledby": name }, h("h2", { id: name }, title), content);
  return [
    before && part("differences", "What is different", differences(schema, before)),
    part("rules", "Why", rules(schema)),
    schema.columns.length > 0 && part("columns", "The columns", columns(schema)),
    schema.ddl && part("statements", "What approving runs", h("div", { class: "row" }, copyButton(() => schema.ddl, "Copy the statements"),
      h("span", { class: "small quiet" }, "sha256 ", h("code", {}, schema.ddl_sha256.slice(0, 12)))), sql(schema.ddl)),
    part("dry-run", "Dry run", dryRun(schema)),
    part("profile", "The fields", fieldList(schema.profile)),
  ];
}

function columns(schema) {
  const byHand = schema.overrides.columns ?? {};
  const suggested = schema.child_tables.map((child) => child.path);
  return [cards("Columns of the table", [
    { label: "Column", heads: true, cell: (one) => h("code", {}, one.name) },
    { label: "Type", cell: (one) => one.type },
    { label: "Field", cell: (one) => h("code", {}, one.path) },
    { label: "Notes", cell: (one) => h("span", { class: "row" }, one.indexed && h("span", { class: "chip" }, "indexed"), one.required && h("span", { class: "chip" }, "required"),
      byHand[one.path] && h("span", { class: "chip warn" }, "set by a person"),
      schema.foreign_keys.filter((key) => key.path === one.path).map((key) => h("span", { class: "chip" }, `→ ${key.collection}${key.field}`))) },
  ], schema.columns), suggested.length > 0 && h("p", { class: "small quiet" }, `Lists of objects could be tables of their own: ${suggested.join(", ")}. Nothing makes them by itself.`)];
}
