/** How the documents of a collection changed since their schema was made, and from version to version. */

import { get, items } from "../api.js";
import { h } from "../dom.js";
import { share } from "../parts/chart.js";
import { cards, table } from "../parts/table.js";
import { link } from "../router.js";
import { day, percent, several } from "../words.js";
import { documentsSay, path } from "./asking.js";

const MOST_VERSIONS = 8;
const WHAT = {
  new: ["warn", "new"], vanished: ["bad", "vanished"], wider: ["warn", "wider values"], presence: ["warn", "more or less often"], same: ["", "the same"],
};

export async function driftReport(collection, signal) {
  const [drift, versions] = await Promise.all([
    get(`${path(collection.id)}/drift`, {}, { signal }), versionsOf(collection, signal),
  ]);
  if (!drift.schema_id) return h("p", { class: "notice" }, "There is no schema yet that the documents could drift away from.");
  return h("div", { class: "stack sections" },
    h("section", { class: "stack", "aria-labelledby": "since" },
      h("h2", { id: "since" }, "Since the schema was made"),
      h("p", { class: drift.drifted ? "notice warn" : "notice" }, sentence(drift), " ", h("a", { href: link("schemas", drift.schema_id) }, "The schema")),
      cards("Fields before and since", [
        { label: "Field", heads: true, cell: (one) => h("code", {}, one.path) },
        { label: "What", cell: (one) => h("span", { class: `chip ${WHAT[one.what][0]}` }, WHAT[one.what][1]) },
        { label: "Before", cell: (one) => share(one.presence_before, percent(one.presence_before)) },
        { label: "Since", cell: (one) => (drift.documents_since ? share(one.presence_since, percent(one.presence_since)) : h("span", { class: "quiet" }, "—")) },
        { label: "Kept as", cell: (one) => one.stored_as ?? "—" },
        { label: "Would need", cell: (one) => (one.needs && one.needs !== one.stored_as && one.what !== "same" ? h("strong", {}, one.needs) : one.needs ?? "—") },
      ], drift.fields)),
    versions.length > 0 && history(versions));
}

function sentence(drift) {
  const before = documentsSay(drift.documents_before);
  const since = drift.documents_since ? `${documentsSay(drift.documents_since)} came since; it was made of ${before}.` : `No document came since; it was made of ${before}.`;
  if (!drift.drifted) return `${since} Nothing has drifted.`;
  const found = [
    drift.new && several(drift.new, "new field"), drift.vanished && `${several(drift.vanished, "field")} vanished`,
    drift.wider && `${several(drift.wider, "field")} with wider values`, drift.presence_moved && `${several(drift.presence_moved, "field")} more or less often`,
  ].filter(Boolean);
  return `${since} ${found.join(", ")}.`;
}

/** The newest versions with their profiles, oldest first. */
async function versionsOf(collection, signal) {
  const found = [];
  for await (const each of items("/schemas", { collection: collection.name }, { signal })) {
    found.push(each);
    if (found.length === MOST_VERSIONS) break;
  }
  const whole = await Promise.all(found.map((each) => get(`/schemas/${each.id}`, {}, { signal })));
  return whole.reverse();
}

/** In which share of the documents each field was when each version was made. */
function history(versions) {
  const paths = [...new Set(versions.flatMap((each) => each.profile.fields?.map((field) => field.path) ?? []))].sort();
  const known = versions.map((each) => new Map(each.profile.fields?.map((field) => [field.path, field]) ?? []));
  return h("section", { class: "stack", "aria-labelledby": "versions" },
    h("h2", { id: "versions" }, "From version to version"),
    table("Fields by version", [
      { label: "Field", heads: true, cell: (field) => h("code", {}, field) },
      ...versions.map((each, at) => ({
        label: `v${each.version}, ${day(each.created_at)}`,
        cell: (field) => {
          const found = known[at].get(field);
          return found ? [share(found.presence, percent(found.presence)), h("span", { class: "small quiet" }, Object.keys(found.counts).join(", "))] : h("span", { class: "quiet" }, "—");
        },
      })),
    ], paths));
}
