/** Uploads of this browser. They belong to no view: they go on wherever the person goes. */

import { post, remove } from "../api.js";
import { complain } from "../parts/toast.js";
import * as session from "../session.js";
import { announce, isRemembered, leave, remember, settle, startOver, tidy } from "./announcing.js";
import * as entries from "./entries.js";
import { AT_ONCE as HASHED_AT_ONCE, digest } from "./hashing.js";
import * as ledger from "./ledger.js";
import { grouped } from "./picking.js";
import { isWhole, sendFile } from "./sending.js";
import { track } from "./tracking.js";
import { AT_ONCE as SENT_AT_ONCE } from "./transfer.js";

// One more than are hashed at a time is ready, so that nobody waits for the page.
const CHECKED_AT_ONCE = HASHED_AT_ONCE + 1;
const AHEAD = 200;
const GATHER_MS = 120;
const SMALL_ENOUGH_TO_KEEP = 50_000_000;

const IN_PROGRESS = ["waiting", "checking", "checked", "announcing", "announced", "sending"];

const tab = entries.newId();
// What had been chosen when the key ended: whoever signs in again need not choose it anew.
const inHand = new Map();
let begun = null;
let whose = null;
let lastOwner = null;
let life = null;
let gathering = null;
let isAnnouncing = false;
let paused = false;
let wishes = {};

export const isPaused = () => paused;

/** Take up what an earlier visit left, for whoever is signed in; over once that is on the list. */
export function start() {
  const owner = session.holder()?.owner;
  // Who signed out while this was being loaded leaves nothing to take up.
  if (!owner) return Promise.resolve();
  if (begun && whose === owner) return begun;
  stop();
  if (lastOwner !== owner) inHand.clear();
  whose = lastOwner = owner;
  life = new AbortController();
  track(pump, life.signal);
  begun = adopt(life.signal).catch(complain);
  return begun;
}

function stop() {
  life?.abort();
  for (const entry of entries.all()) entry.stop?.abort();
  entries.clear();
  leave();
  begun = whose = null;
  paused = false;
}

addEventListener("mammothbox:signed-out", ({ detail }) => {
  inHand.clear();
  if (detail?.isExpired) for (const entry of entries.all()) if (entry.file) inHand.set(entry.id, entry.file);
  stop();
});
addEventListener("beforeunload", (event) => {
  if (entries.count(...IN_PROGRESS)) event.preventDefault();
});
// Held for as long as this page lives: another one may take up only what belongs to none that lives.
navigator.locks?.request(`mammothbox.tab.${tab}`, () => new Promise(() => {}));

async function adopt(signal) {
  const { files, batches } = await ledger.kept(whose);
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  const living = new Set(held.map((lock) => lock.name));
  const isFree = (each) => each.tab === tab || !living.has(`mammothbox.tab.${each.tab}`);
  for (const batch of batches.filter(isFree)) remember(Object.assign(batch, { tab }));
  const found = files.filter((each) => isFree(each) && !entries.get(each.id)).map((each) => entries.entryOf({ ...each, tab }));
  const announced = new Set();
  for (const entry of found) {
    entry.file = entry.blob ?? inHand.get(entry.id) ?? (await stillAllowed(entry));
    if (!isRemembered(entry.batch)) entry.batch = null;
    if (entry.sent) entries.move(entry, "sent");
    else if (entry.batch) entries.move(entry, entry.file ? "announcing" : "missing");
    else entries.move(entry, entry.file ? "waiting" : "missing");
    if (entry.batch && !entry.sent) announced.add(entry.batch);
  }
  inHand.clear();
  await ledger.keep({ files: found.map(entries.record), batches: batches.filter(isFree) });
  pump();
  goOnWith(announced, signal).catch(complain);
}

/** Hear where the files of these batches go; that may take as long as the server is away. */
async function goOnWith(announced, signal) {
  for (const id of announced) {
    await settle(id, signal);
    pump();
  }
  for (const entry of entries.within("missing")) if (entry.address?.method === "MULTIPART") finish(entry, signal).catch(complain);
  await tidy();
  pump();
}

/** A multipart upload that wants nothing but its completion needs no file. */
async function finish(entry, signal) {
  if (await isWhole(entry, { signal })) run(entry);
}

async function stillAllowed({ handle, size, modified }, ask = "queryPermission") {
  if ((await handle?.[ask]?.({ mode: "read" }).catch(() => null)) !== "granted") return null;
  const file = await handle.getFile().catch(() => null);
  return file?.size === size && file.lastModified === modified ? file : null;
}

/** Ask for the files of before, where the browser kept hold of them. Call it from a click. */
export async function reopen() {
  const roots = new Set(entries.within("missing").map((entry) => entry.root).filter(Boolean));
  for (const root of roots) await root.requestPermission?.({ mode: "read" }).catch(() => null);
  for (const entry of entries.within("missing")) {
    const file = await stillAllowed(entry, "requestPermission");
    if (file) goOn(entry, file);
  }
  pump();
}

function goOn(entry, file) {
  entries.move(entry, entry.sha256 ? next(entry) : "waiting", { file, error: null });
}

/** Where a file that is at hand and has been checked goes on; a batch without an answer will have one. */
function next(entry) {
  if (entry.address) return "announced";
  return entry.batch ? "announcing" : "checked";
}

/** What is wished for all that is added from now on, however it comes: `{collection, comments}`. */
export function wish(now) {
  wishes = now;
}

/**
 * Take files in, as they are found: `{file, path, handle, root, isPasted}` each. What is under way
 * already is not taken twice.
 */
export async function add(found) {
  const { collection = "", comments = "" } = wishes;
  // First what is left of before: among it may be these very files.
  await start();
  const owner = whose;
  for await (const some of grouped(found)) {
    // Who signed out meanwhile leaves the rest of the folder to nobody.
    if (whose !== owner || !owner) return;
    await take(some, { collection, comments });
  }
}

async function take(chosen, { collection, comments }) {
  const missing = Map.groupBy(entries.within("missing"), (entry) => `${entry.name}/${entry.size}`);
  const underWay = new Set(entries.within(...IN_PROGRESS, "sent").map(sameness));
  const fresh = [];
  for (const { file, path, handle, root, isPasted } of chosen) {
    const likely = missing.get(`${file.name}/${file.size}`) ?? [];
    const before = likely.splice(Math.max(0, likely.findIndex((entry) => entry.path === path)), 1)[0];
    const entry = before ?? entries.entryOf({
      id: entries.newId(), owner: whose, tab, name: file.name, path, size: file.size, modified: file.lastModified, type: file.type,
      collection, comments, file, handle, root, blob: isPasted && file.size <= SMALL_ENOUGH_TO_KEEP ? file : null,
    });
    if (before) Object.assign(entry, { file, expected: entry.sha256, handle: handle ?? entry.handle, root: root ?? entry.root });
    else if (underWay.has(sameness(entry))) continue;
    underWay.add(sameness(entry));
    if (file.size) fresh.push(entry);
    entries.move(entry, file.size ? "waiting" : "refused", { error: file.size ? null : "The file is empty; there is nothing to keep." });
  }
  await ledger.keep({ files: fresh.map(entries.record) });
  pump();
}

const sameness = (entry) => (entry.same ??= JSON.stringify([entry.path, entry.size, entry.modified, entry.collection]));

/** Set everything to work that can be. */
function pump() {
  while (entries.count("checking") < CHECKED_AT_ONCE && entries.count("waiting")) check(entries.first("waiting"));
  if (paused) return;
  while (entries.count("sending") < SENT_AT_ONCE && entries.count("announced")) run(entries.first("announced"));
  const isRoom = entries.count("announced") < AHEAD;
  if (entries.count("checked") && isRoom && !isAnnouncing) gathering ??= setTimeout(gather, GATHER_MS);
}

async function gather() {
  gathering = null;
  isAnnouncing = true;
  let hasMore = false;
  try {
    hasMore = await announce(whose, tab, life.signal);
  } catch (error) {
    complain(error);
  }
  isAnnouncing = false;
  // What waits for a twin is looked at again when that is settled.
  if (hasMore) pump();
  else while (!paused && entries.count("sending") < SENT_AT_ONCE && entries.count("announced")) run(entries.first("announced"));
}

async function check(entry) {
  const stop = new AbortController();
  entries.move(entry, "checking", { stop, hashed: 0 });
  try {
    const progress = (hashed) => { entry.hashed = hashed; entries.touch(entry); };
    const sum = await digest(entry.file, { signal: stop.signal, progress });
    // The answer to an earlier announcement may have come first.
    if (entries.isKnown(entry) && entry.state === "checking") checked(entry, sum);
  } catch (error) {
    if (error.name !== "AbortError" && entries.isKnown(entry)) entries.move(entry, "refused", { error: unreadable(error) });
  }
  pump();
}

function checked(entry, sum) {
  if (entry.expected && entry.expected !== sum) {
    // It has the name and the size of the one we wait for, but is another.
    const other = entries.entryOf({ ...entries.record(entry), id: entries.newId(), batch: null, systemId: null, jobId: null, sha256: sum, file: entry.file });
    entries.move(entry, "missing", { file: null, expected: null });
    entries.move(other, "checked");
    return;
  }
  entries.move(entry, next(entry), { sha256: sum, expected: null });
}

const unreadable = (error) => (error.name === "NotReadableError" || error.name === "NotFoundError"
  ? "The file was changed, moved or removed since it was chosen. Choose it again." : error.message);

async function run(entry) {
  const stop = new AbortController();
  entries.move(entry, "sending", { stop, gone: 0, trouble: null });
  try {
    await sendFile(entry, stop.signal);
    if (!entries.isKnown(entry)) return;
    entries.move(entry, "sent", { sent: true, gone: entry.size, trouble: null, file: null, blob: null });
    // Should this not be kept in time, the server will say that it has the file.
    ledger.keep({ files: [entries.record(entry)] }).catch(complain);
  } catch (error) {
    if (!entries.isKnown(entry)) return;
    if (error.name === "AbortError") entries.move(entry, "announced", { gone: 0, trouble: null });
    else if (error.code === "upload_over") startOver(entry);
    else if (entry.state !== "sent") entries.move(entry, "refused", { error: unreadable(error), trouble: null });
  }
  pump();
}

export function pause() {
  paused = true;
  for (const entry of entries.within("sending")) entry.stop.abort();
  entries.news.dispatchEvent(new Event("change"));
}

export function resume() {
  paused = false;
  pump();
  entries.news.dispatchEvent(new Event("change"));
}

/** Try a refused file once more, from where it was. */
export function retry(entry) {
  if (entry.file) goOn(entry, entry.file);
  else entries.move(entry, "missing", { error: null });
  pump();
}

/** Give a file up. What of it has arrived is thrown away. */
export async function cancel(entry) {
  const isOpen = entry.systemId && !entry.sent;
  entries.drop(entry);
  entry.stop?.abort();
  pump();
  await ledger.forget({ files: [entry.id] });
  if (isOpen) await remove(`/uploads/${entry.systemId}`).catch((error) => error.code === "already_received" || complain(error));
  await tidy();
}

/** Have the pipeline try again what it failed at. */
export async function replay(entry) {
  try {
    await post(`/objects/${entry.systemId}/replay`, {});
    entries.move(entry, "sent", { server: null });
  } catch (error) {
    complain(error);
  }
}

/** Take what is over off the list. The library keeps what it has. */
export async function clear() {
  const over = entries.within("settled", "refused");
  for (const entry of over) entries.drop(entry);
  await ledger.forget({ files: over.map((entry) => entry.id) });
  await tidy();
}

let counted = { at: -1, sums: null };

/** Sums for everything on the list: `{files, sent, over, bytes, gone, failed, isBusy}`. */
export function totals() {
  const at = entries.edition();
  if (counted.at !== at) counted = { at, sums: sums() };
  return counted.sums;
}

function sums() {
  let bytes = 0, gone = 0;
  for (const entry of entries.all()) {
    if (entry.state === "refused") continue;
    bytes += entry.size;
    gone += ["sent", "settled"].includes(entry.state) ? entry.size : entry.state === "sending" ? entry.gone : entry.there;
  }
  const settled = entries.within("settled");
  return {
    bytes, gone, files: entries.all().length, sent: entries.count("sent", "settled", "refused"), over: settled.length + entries.count("refused"),
    failed: settled.filter((entry) => entry.server.state === "failed").length + entries.count("refused"),
    isBusy: entries.count(...IN_PROGRESS) > 0,
  };
}
