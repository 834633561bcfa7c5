/** One file on its way: in one POST, or in parts of which only the missing ones are sent. */

import { get, post } from "../api.js";
import { settle } from "./announcing.js";
import { touch } from "./entries.js";
import { insist, Refused, send } from "./transfer.js";

const PARTS_AT_ONCE = 3;
const ADDRESSES = 3;

/**
 * Send the entry's file to where it was announced. Throws `Refused` or `Problem` when that is not
 * to be had, `NotReadableError` when the file changed since it was chosen, `AbortError` when stopped.
 */
export async function sendFile(entry, signal) {
  const patience = { signal, trouble: (text) => { entry.trouble = text; touch(entry); } };
  if (entry.address.method === "MULTIPART") await inParts(entry, patience).catch(unlessHere);
  else await inOne(entry, patience);
}

async function inOne(entry, { signal, trouble }) {
  await withAddress(() => settle(entry.batch, signal), Date.now() < entry.until, () => insist(async () => {
    if (entry.address.reason === "upload_over") throw Object.assign(new Error("The upload has expired."), { code: "upload_over" });
    // An earlier try got through after all.
    if (entry.address.method === "NONE") return null;
    const form = new FormData();
    for (const [name, value] of Object.entries(entry.address.fields)) form.append(name, value);
    form.append("file", entry.file);
    return readable(entry, send("POST", entry.address.url, form, { signal, progress: progressOf(entry) }));
  }, { signal, trouble }));
}

/** It was put together before, and nobody heard of it. */
function unlessHere(error) {
  if (error.code !== "already_received") throw error;
}

/** Whether all of a multipart upload has arrived. */
export async function isWhole(entry, { signal }) {
  let there = 0;
  for (let from = 1; from;) {
    const page = await get(`/uploads/${entry.systemId}/parts`, { from }, { signal }).catch(unlessHere);
    if (!page) return true;
    there += page.arrived.reduce((sum, part) => sum + part.size, 0);
    from = page.next_from;
  }
  entry.there = there;
  touch(entry);
  return there === entry.size;
}

async function inParts(entry, patience) {
  const { signal } = patience;
  const etags = new Map();
  const sending = new Map();
  let there = 0;
  const count = () => {
    entry.gone = there + [...sending.values()].reduce((sum, bytes) => sum + bytes, 0);
    entry.there = there;
    touch(entry);
  };
  for (let from = 1; from;) {
    const ask = () => insist((inTime) => get(`/uploads/${entry.systemId}/parts`, { from }, { signal: inTime }), patience);
    let page = await ask();
    for (const part of page.arrived) {
      etags.set(part.number, part.etag);
      there += part.size;
    }
    count();
    const missing = page.parts.map((part) => part.number).filter((number) => !etags.has(number));
    await together(missing, PARTS_AT_ONCE, signal, async (number) => {
      const start = (number - 1) * page.part_size;
      const bytes = entry.file ? entry.file.slice(start, Math.min(start + page.part_size, entry.size)) : null;
      if (!bytes) throw new DOMException("The file is not at hand.", "NotReadableError");
      const progress = (gone) => { entry.trouble = null; sending.set(number, gone); count(); };
      const header = await withAddress(async () => { page = await ask(); }, true, () => insist(() => {
        const { url } = page.parts.find((part) => part.number === number);
        return readable(entry, send("PUT", url, bytes, { signal, progress }));
      }, patience));
      etags.set(number, header("ETag"));
      sending.delete(number);
      there += bytes.size;
      count();
    });
    from = page.next_from;
  }
  const parts = [...etags].sort(([a], [b]) => a - b).map(([number, etag]) => ({ number, etag }));
  await insist((inTime) => post(`/uploads/${entry.systemId}/complete`, { parts }, { signal: inTime }), patience);
}

/** Do something with an address; ask for a new one when it has expired. */
async function withAddress(renew, isFresh, act) {
  if (!isFresh) await renew();
  for (let tries = 1; ; tries += 1) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 403 || tries === ADDRESSES) throw error;
      await renew();
    }
  }
}

/** A request whose body cannot be read fails as if nobody had answered: find out which it was. */
async function readable(entry, sent) {
  try {
    return await sent;
  } catch (error) {
    if (error instanceof Refused && error.status === 0) await entry.file.slice(0, 1).arrayBuffer();
    throw error;
  }
}

const progressOf = (entry) => (gone) => {
  // What moves waits for nothing any more.
  Object.assign(entry, { gone: Math.min(gone, entry.size), trouble: null });
  touch(entry);
};

/** Do it for each number, so many at once; the first failure ends all. */
async function together(numbers, atOnce, signal, act) {
  const left = [...numbers];
  const worker = async () => {
    while (left.length) {
      signal.throwIfAborted();
      await act(left.shift());
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, left.length) }, worker));
  } catch (error) {
    left.length = 0;
    throw error;
  }
}
