/** Telling the server what is to come, a hundred files at a time, and learning where each goes. */

import { post, Problem, remove } from "../api.js";
import * as entries from "./entries.js";
import * as ledger from "./ledger.js";
import { insist } from "./transfer.js";

const MOST = 100;
const MARGIN_MS = 60_000;
const LEAST_MS = 300_000;
const batches = new Map();
const asking = new Map();

/** Know a batch that an earlier visit announced. */
export const remember = (batch) => batches.set(batch.id, batch);
export const isRemembered = (id) => batches.has(id);

/**
 * Announce what has been checked, if there is any. A file with the same bytes as one that is on its
 * way waits for that one: then nothing need be sent. Throws only when `signal` aborts.
 */
export async function announce(owner, tab, signal) {
  const chosen = choose();
  if (!chosen.length) return false;
  const batch = {
    id: entries.newId(), owner, tab, entries: chosen.map((entry) => entry.id),
    body: { files: chosen.map(described), ...(chosen[0].comments ? { comments: chosen[0].comments } : {}) },
  };
  for (const entry of chosen) entries.move(entry, "announcing", { batch: batch.id });
  batches.set(batch.id, batch);
  // Kept before it is sent: whatever happens in between, the same request is made again, not another.
  await ledger.keep({ files: chosen.map(entries.record), batches: [batch] });
  await settle(batch.id, signal);
  return true;
}

function choose() {
  const open = new Set(entries.within("announcing", "announced", "sending", "sent").filter(isUnverified).map((entry) => entry.sha256));
  const chosen = [];
  for (const entry of entries.within("checked")) {
    if (chosen.length === MOST) break;
    if (open.has(entry.sha256) || (chosen.length && chosen[0].comments !== entry.comments)) continue;
    open.add(entry.sha256);
    chosen.push(entry);
  }
  return chosen;
}

const isUnverified = (entry) => !entry.server?.stages.some((stage) => stage.name === "intake" && stage.state === "done");

const described = (entry) => ({
  filename: entry.name,
  size_bytes: entry.size,
  sha256: entry.sha256,
  ...(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(entry.type) ? { content_type: entry.type } : {}),
  ...(entry.collection ? { collection: entry.collection } : {}),
});

/** Make the batch's request, for the first time or once more: it always means the same files. */
export function settle(id, signal) {
  if (!asking.has(id)) asking.set(id, ask(batches.get(id), signal).finally(() => asking.delete(id)));
  return asking.get(id);
}

async function ask(batch, signal) {
  const mine = () => batch.entries.map((id) => entries.get(id)).filter((entry) => entry?.batch === batch.id);
  let answer;
  try {
    answer = await insist((inTime) => post("/uploads", batch.body, { signal: inTime, headers: { "Idempotency-Key": batch.id } }), {
      signal,
      trouble: (text) => { for (const entry of mine()) { entry.trouble = text; entries.touch(entry); } },
    });
  } catch (error) {
    if (!(error instanceof Problem) || error.status === 401) throw error;
    await refuse(batch, mine(), error);
    return;
  }
  answer.uploads.forEach((upload, at) => {
    const entry = entries.get(batch.entries[at]);
    if (entry?.batch === batch.id) learn(entry, upload, answer.job_id);
    else if (upload.method !== "NONE") remove(`/uploads/${upload.system_id}`).catch(() => {});
  });
  await ledger.keep({ files: mine().map(entries.record) });
}

/** The files that the server objects to are refused; the others are announced again without them. */
async function refuse(batch, mine, problem) {
  const bad = new Map();
  for (const error of problem.errors) {
    const at = /files\W(\d+)/.exec(error.field ?? "")?.[1];
    if (at !== undefined) bad.set(batch.entries[at], error.message);
  }
  for (const entry of mine) {
    const isBad = !bad.size || bad.has(entry.id);
    if (isBad) entries.move(entry, "refused", { batch: null, error: bad.get(entry.id) ?? problem.message });
    else entries.move(entry, "checked", { batch: null });
  }
  batches.delete(batch.id);
  await ledger.keep({ files: mine.map(entries.record) });
  await ledger.forget({ batches: [batch.id] });
}

function learn(entry, upload, jobId) {
  const known = { systemId: upload.system_id, jobId, address: upload, until: goodUntil(upload) };
  const isOpen = ["announcing", "missing"].includes(entry.state);
  if (["sent", "settled"].includes(entry.state)) return;
  if (entry.state === "sending") {
    Object.assign(entry, { address: upload, until: known.until });
  } else if (upload.method !== "NONE") {
    if (isOpen) entries.move(entry, entry.file ? "announced" : "missing", known);
    else Object.assign(entry, known);
  } else if (upload.reason === "upload_over") {
    startOver(entry);
  } else if (upload.reason === "purged") {
    entries.move(entry, "refused", { ...known, error: "It was erased from the library meanwhile." });
  } else {
    entries.move(entry, "sent", { ...known, sent: true, spared: upload.reason === "already_stored", duplicateOf: upload.duplicate_of });
  }
}

/** When to ask for another address. By a clock that is ahead of the server's, a new one looks old. */
const goodUntil = ({ expires_at }) => Math.max((Date.parse(expires_at) || 0) - MARGIN_MS, Date.now() + LEAST_MS);

/** The server has given this upload up: it is announced anew, under another key. */
export function startOver(entry) {
  entries.move(entry, entry.file ? "checked" : "missing", { batch: null, systemId: null, address: null });
}

/** Know no batch any more: whoever announced them has left. */
export const leave = () => batches.clear();

/** Forget batches that nobody needs any more. */
export async function tidy() {
  const needed = new Set(entries.all().map((entry) => entry.batch));
  const over = [...batches.keys()].filter((id) => !needed.has(id) && !asking.has(id));
  for (const id of over) batches.delete(id);
  await ledger.forget({ batches: over });
}
