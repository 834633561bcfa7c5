/** What a proposal says, in sentences. */

import { count, several } from "../words.js";

/** How a rule is called, whether its limit is the most or the least, and what its number counts. */
export const RULES = {
  documents: { says: "There are documents", most: false },
  not_objects: { says: "Every document is an object", most: true, measured: "others" },
  fields: { says: "The documents have fields", most: false },
  type_conflicts: { says: "No field is torn between types", most: true, measured: "torn fields" },
  arrays_of_objects: { says: "No lists of objects inside", most: true, measured: "such lists" },
  top_level_keys: { says: "Not too many fields at the top", most: true },
  depth: { says: "Not nested too deeply", most: true, measured: "levels" },
  stability: { says: "Fields are there in most documents", most: false, share: true },
  type_stability: { says: "Fields keep to one type", most: false, share: true },
  score: { says: "All of it together: the score", most: false },
};

export const ruleSays = (rule) => RULES[rule.rule]?.says ?? rule.rule.replaceAll("_", " ");

export function limitSays(rule) {
  if (rule.limit === null) return "—";
  if (RULES[rule.rule]?.most && rule.limit === 0) return "none";
  return `${RULES[rule.rule]?.most ? "at most" : "at least"} ${figure(rule, rule.limit)}`;
}

/** A number of a rule as it is meant: how many, a share, or the score. */
export function figure(rule, value = rule.value) {
  if (RULES[rule.rule]?.share) return `${Number((value * 100).toFixed(2))} %`;
  if (rule.rule === "score") return value.toFixed(2);
  return Number.isInteger(value) ? count(value) : String(Number(value.toFixed(4)));
}

export const STORAGE = { sql: "a table", jsonb: "JSONB" };

/** The decision in a sentence, as it stands now. */
export function verdict(schema) {
  const documents = schema.profile.documents ?? schema.dry_run?.documents ?? 0;
  const byHand = schema.overrides.storage ? ", as a person chose" : "";
  if (schema.storage_choice === "sql") {
    const columns = several(schema.columns.length, "column");
    const why = byHand || !schema.rationale.every((rule) => rule.passed) ? "" : `: every rule holds, and the score is ${schema.score.toFixed(2)}`;
    return `${several(documents, "document")} should become a table of ${columns}${byHand}${why}.`;
  }
  const failed = schema.rationale.filter((rule) => !rule.passed && rule.rule !== "score");
  const why = failed.length ? ` “${ruleSays(failed[0])}” does not hold${failed.length > 1 ? `, and ${several(failed.length - 1, "other rule")}` : ""}.` : "";
  return `${several(documents, "document")} should stay JSONB${byHand}.${byHand ? "" : why}`;
}

/** What its status means for the reader, and what comes next. */
export function standing(schema) {
  const table = schema.storage_choice === "sql";
  return {
    proving: "Its dry run is under way: all stored documents are tried in a table that nobody keeps.",
    provisional: table ? "It waits for your word. Nothing has been changed yet." : "It waits for your word. Documents are kept as JSONB until then, too.",
    building: "Approved: its table is being filled. New documents get their rows at once.",
    active: table ? "In force: the documents are rows of a table." : "In force: the documents are kept as JSONB.",
    undoing: "Being rolled back: its table is dropped soon. No document is lost.",
    rejected: "Rejected: the same is not proposed again for documents of this structure.",
    superseded: "A later version is in force.",
    rolled_back: "Rolled back: the documents are kept as JSONB again.",
    failed: schema.error ?? "Its dry run failed.",
  }[schema.status];
}

/** What the dry run says, in a sentence. */
export function proofSays(run) {
  const misfits = run.misfits.reduce((sum, one) => sum + one.values, 0);
  const part = run.complete ? "" : " There was no time for the others.";
  const rows = `${several(run.rows, "document")} of ${count(run.documents)} got a row.`;
  if (run.differing.length) return `${rows} Some rows do not give their document back.${part}`;
  if (!misfits) return `${rows} Every value fits its column.${part}`;
  return `${rows} ${several(misfits, "value")} would not fit ${misfits === 1 ? "its column" : "their columns"}, and would be kept beside in “extra”.${part}`;
}

export const BUSY = new Set(["proving", "building", "undoing"]);
