/** What becomes of files that have been sent: their stages, until each is settled. */

import { get } from "../api.js";
import { every } from "../live.js";
import * as entries from "./entries.js";
import * as ledger from "./ledger.js";

const EVERY_MS = 800;
const JOBS_AT_ONCE = 3;
const OVER = ["ready", "duplicate", "failed"];

/** Look after the jobs of all that has been sent, those first that were looked at longest ago. */
export function track(settled, signal) {
  const seen = new Map();
  return every(EVERY_MS, async () => {
    const jobs = [...new Set(entries.within("sent", "missing").map((entry) => entry.jobId).filter(Boolean))];
    jobs.sort((one, other) => (seen.get(one) ?? 0) - (seen.get(other) ?? 0));
    await Promise.all(jobs.slice(0, JOBS_AT_ONCE).map(async (job) => {
      seen.set(job, performance.now());
      await look(job, settled, signal);
    }));
  }, signal);
}

/** It had been sent when the page was left, but nobody was there to note it. */
async function arrived(entry) {
  entries.move(entry, "sent", { sent: true });
  await ledger.keep({ files: [entries.record(entry)] });
}

async function look(jobId, settled, signal) {
  const over = [];
  try {
    for (const object of (await get(`/ingest/${jobId}/status`, {}, { signal })).objects) {
      const entry = entries.bySystem(object.system_id);
      if (entry?.state === "missing" && object.state !== "awaiting_upload") await arrived(entry);
      if (entry?.state !== "sent") continue;
      const before = JSON.stringify(entry.server);
      entry.server = object;
      if (OVER.includes(object.state)) over.push(entry);
      else if (JSON.stringify(object) !== before) entries.touch(entry);
    }
  } catch (error) {
    if (error.status !== 404) throw error;
    for (const entry of entries.within("sent")) {
      if (entry.jobId === jobId) entries.move(entry, "refused", { error: "The library does not know this upload any more." });
    }
  }
  for (const entry of over) entries.move(entry, "settled");
  await ledger.forget({ files: over.filter((entry) => entry.server.state !== "failed").map((entry) => entry.id) });
  if (over.length) settled();
}
