/** Why a proposal is what it is: its rules, and what became of all documents when it was tried. */

import { h } from "../dom.js";
import { cards, table } from "../parts/table.js";
import { link } from "../router.js";
import { count, several, size } from "../words.js";
import { figure, limitSays, proofSays, RULES, ruleSays } from "./wording.js";

export function rules(schema) {
  return cards("Rules and what was measured", [
    { label: "Rule", heads: true, cell: (rule) => [ruleSays(rule), rule.veto && h("span", { class: "small quiet" }, " — settles it alone"), blamed(rule)] },
    { label: "Measured", number: true, cell: (rule) => h("span", {}, figure(rule), RULES[rule.rule]?.measured && h("span", { class: "small quiet" }, ` ${RULES[rule.rule].measured}`)) },
    { label: "Limit", number: true, cell: limitSays },
    { label: "Holds", cell: (rule) => h("span", { class: `chip ${rule.passed ? "good" : "bad"}` }, rule.passed ? "✓ yes" : "✕ no") },
  ], [...schema.rationale].sort((one, other) => one.passed - other.passed));
}

function blamed(rule) {
  if (!rule.fields?.length) return null;
  const more = rule.value - rule.fields.length;
  return h("details", {}, h("summary", {}, `Because of ${several(rule.value, "field")}`),
    h("p", { class: "small" }, rule.fields.map((path, at) => [at ? ", " : "", h("code", {}, path)]), more > 0 && ` and ${count(more)} more`));
}

/** What the dry run found; where values do not fit, which and in which documents. */
export function dryRun(schema) {
  const run = schema.dry_run;
  if (schema.storage_choice !== "sql") return h("p", { class: "quiet" }, "There is nothing to try: JSONB takes every document as it is.");
  if (!run) return h("p", { class: "quiet" }, schema.status === "proving" ? "It is under way." : "There was none.");
  const whole = run.complete && !run.differing.length && !run.without_row.length;
  return h("div", { class: "stack" },
    h("p", { class: whole ? "notice" : "notice warn" }, proofSays(run)),
    h("dl", { class: "facts" }, fact("Rows", count(run.rows)), fact("With something in “extra”", count(run.with_rest)),
      fact("Table", size(run.table_bytes)), fact("Indexes", size(run.index_bytes)),
      fact("Time to fill", `${count(Math.round(run.fill_ms))} ms`)),
    run.misfits.map((misfit) => misfitting(schema, misfit)),
    run.spelled.length > 0 && h("p", { class: "small quiet" }, "Written otherwise by their columns, and kept as they came beside: ",
      run.spelled.map((one, at) => [at ? ", " : "", h("code", {}, one.path), ` (${several(one.values, "value")})`])),
    documents(schema, run.without_row, "Documents that would have no row"),
    documents(schema, run.differing, "Documents that their row does not give back"));
}

const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

function misfitting(schema, misfit) {
  const column = schema.columns.find((each) => each.path === misfit.path);
  return h("div", { class: "stack tight" },
    h("h3", {}, h("code", {}, misfit.path), ` — ${several(misfit.values, "value")} not ${column ? `of type ${column.type}` : "for its column"}`),
    // None are told any more once a document of the collection was erased.
    misfit.examples.length > 0 && table(`Values of ${misfit.path} that do not fit`, [
      { label: "Value", heads: true, cell: (one) => h("code", {}, one.value) },
      { label: "Document", cell: (one) => documentLink(schema, one.document_id) },
    ], misfit.examples),
    misfit.examples.length > 0 && misfit.values > misfit.examples.length && h("p", { class: "small quiet" }, `The first ${misfit.examples.length} of ${count(misfit.values)}.`));
}

function documents(schema, ids, title) {
  return ids.length > 0 && h("div", { class: "stack tight" }, h("h3", {}, title),
    h("ul", {}, ids.map((id) => h("li", {}, documentLink(schema, id)))));
}

const documentLink = (schema, id) => h("a", { class: "mono", href: link("collections", schema.collection_id, { document: id }) }, id);
