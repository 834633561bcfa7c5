/** What a person may say to a schema. Each act answers the schema as it is then, or `null`. */

import { patch, post } from "../api.js";
import { h } from "../dom.js";
import { askAndSend, confirm } from "../parts/dialog.js";
import { several } from "../words.js";

const MOST_REASON = 1000;

const documents = (schema) => several(schema.profile.documents ?? 0, "document");

/** Given to the statements that were shown: if they are others by now, the server refuses. */
export async function approve(schema, signal) {
  const text = schema.storage_choice === "sql"
    ? `The statements shown are run, and ${documents(schema)} ${schema.columns.length ? "get their rows" : "are kept"}. Queries have the same answers before and after, and you can roll it back.`
    : "The documents stay as they are, and the collection counts as decided.";
  if (!(await confirm(`Approve version ${schema.version} for ${schema.collection}?`, text, { answer: "Approve" }))) return null;
  return post(`/schemas/${schema.id}/approve`, { ddl_sha256: schema.ddl_sha256 }, { signal });
}

export function reject(schema, signal) {
  const text = "The same is not proposed again for documents of this structure. You can still bring it back by changing it.";
  return askAndSend(`Reject version ${schema.version} for ${schema.collection}?`, ({ reason = "" }) => [
    h("p", {}, text),
    h("label", {}, "Why (it stays with the proposal; may be empty)", h("textarea", { name: "reason", rows: 3, maxlength: MOST_REASON }, reason)),
  ], ({ reason }) => post(`/schemas/${schema.id}/reject`, { reason: reason.trim() || null }, { signal }), { answer: "Reject", danger: true, signal });
}

export async function rollBack(schema, signal) {
  const text = `The table is dropped, and ${documents(schema)} are kept as JSONB again. No document is lost, and queries have the same answers.`;
  if (!(await confirm(`Roll back ${schema.collection} to JSONB?`, text, { answer: "Roll back", danger: true }))) return null;
  return post(`/schemas/${schema.id}/rollback`, undefined, { signal });
}

export const override = (schema, asked, signal) => patch(`/schemas/${schema.id}`, asked, { signal });

const CAN = {
  approve: ["provisional"],
  change: ["proving", "provisional", "failed", "rejected", "rolled_back"],
  reject: ["proving", "provisional", "failed"],
  rollBack: ["building", "active"],
};

/** Whether the server would take it of a schema in this state. */
export function can(act, schema) {
  if (act === "rollBack" && schema.storage_choice !== "sql") return false;
  return CAN[act].includes(schema.status);
}
