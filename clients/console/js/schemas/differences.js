/** What a version has that the one before had not, and the other way round. */

import { get, items } from "../api.js";
import { h } from "../dom.js";
import { diff } from "../parts/code.js";
import { cards } from "../parts/table.js";
import { link } from "../router.js";

/** The version of the same collection that came before it, with everything; `null` of the first. */
export async function versionBefore(schema, signal) {
  if (schema.version <= 1) return null;
  for await (const each of items("/schemas", { collection: schema.collection }, { signal })) {
    if (each.version < schema.version) return get(`/schemas/${each.id}`, {}, { signal });
  }
  return null;
}

/** How the columns of two designs differ, by path. */
function columnDifferences(before, after) {
  const were = new Map(before.map((column) => [column.path, column]));
  const are = new Map(after.map((column) => [column.path, column]));
  return [
    ...after.filter((column) => !were.has(column.path)).map((column) => ({ what: "new", path: column.path, before: "—", after: told(column) })),
    ...before.filter((column) => !are.has(column.path)).map((column) => ({ what: "gone", path: column.path, before: told(column), after: "—" })),
    ...after.filter((column) => were.has(column.path) && told(were.get(column.path)) !== told(column))
      .map((column) => ({ what: "changed", path: column.path, before: told(were.get(column.path)), after: told(column) })),
  ];
}

const told = (column) => [column.name, column.type, column.required && "required", column.indexed && "indexed"].filter(Boolean).join(" · ");
const TONES = { new: "good", gone: "bad", changed: "warn" };
const KINDS = { added: "A column is added", widened: "A column gets wider", released: "A column may be empty from now on", vanished: "No document has the field any more; its column stays" };

export function differences(schema, before) {
  const columns = columnDifferences(before.columns, schema.columns);
  return h("div", { class: "stack" },
    h("p", {}, "Compared with ", h("a", { href: link("schemas", before.id) }, `version ${before.version}`),
      before.storage_choice === schema.storage_choice ? "." : `, which was ${before.storage_choice === "sql" ? "a table" : "JSONB"}.`),
    columns.length > 0
      ? cards("Columns that differ", [
        { label: "Field", heads: true, cell: (one) => h("code", {}, one.path) },
        { label: "What", cell: (one) => h("span", { class: `chip ${TONES[one.what]}` }, one.what) },
        { label: "Before", cell: (one) => one.before },
        { label: "Now", cell: (one) => one.after },
      ], columns)
      : h("p", { class: "quiet" }, "Their columns are the same."),
    schema.changes.length > 0 && h("ul", { class: "small" }, schema.changes.map((change) => h("li", {}, `${KINDS[change.kind] ?? change.kind}: `, h("code", {}, change.name),
      change.before && change.before !== change.type ? ` from ${change.before} to ${change.type}` : ` (${change.type})`))),
    before.ddl && schema.ddl && h("details", {}, h("summary", {}, "Their statements, line by line"), diff(before.ddl, schema.ddl, "Statements of both versions")));
}
