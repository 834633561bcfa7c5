/** The files of this visit: what each is, and how far it is. */

/**
 * The way of a file: `waiting` to be hashed, `checking`, `checked`, `announcing`, `announced` and so
 * to be sent, `sending`, `sent` and in the pipeline's hands, `settled`. `missing` has no bytes since
 * a reload; `refused` cannot go on, and `error` says why.
 */
export const STATES = ["waiting", "checking", "checked", "announcing", "announced", "sending", "sent", "settled", "missing", "refused"];

const KEPT = ["id", "owner", "tab", "name", "path", "size", "modified", "type", "collection", "comments", "sha256", "handle", "root", "blob", "batch", "systemId", "jobId", "sent"];
const SOON_MS = 100;

const byId = new Map();
const bySystemId = new Map();
const byState = new Map(STATES.map((state) => [state, new Set()]));

/** Tells of every `change`, but not more often than ten times a second. */
export const news = new EventTarget();

let told = null;
let edits = 0;

/** How often anything has changed: what was worked out at the same number still holds. */
export const edition = () => edits;

export function entryOf({ file = null, handle = null, root = null, ...known }) {
  return {
    sha256: null, batch: null, systemId: null, jobId: null, sent: false, blob: null, ...known, file, handle, root,
    state: null, hashed: 0, gone: 0, there: 0, error: null, trouble: null, server: null, duplicateOf: null, stop: null, until: 0, same: null, version: 0,
  };
}

/** A name for something nobody named before; works on addresses without TLS, too. */
export const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** What of it outlives a reload. */
export const record = (entry) => Object.fromEntries(KEPT.map((name) => [name, entry[name]]));

/** Bring an entry to a state, with whatever else changes about it. A new one joins the list. */
export function move(entry, state, changes = {}) {
  byState.get(entry.state)?.delete(entry);
  Object.assign(entry, changes, { state });
  byId.set(entry.id, entry);
  if (entry.systemId) bySystemId.set(entry.systemId, entry);
  byState.get(state).add(entry);
  touch(entry);
}

export function drop(entry) {
  byState.get(entry.state)?.delete(entry);
  byId.delete(entry.id);
  bySystemId.delete(entry.systemId);
  touch(entry);
}

export function clear() {
  for (const entry of [...byId.values()]) drop(entry);
}

/** Say that something about it changed. */
export function touch(entry) {
  entry.version += 1;
  edits += 1;
  told ??= setTimeout(() => {
    told = null;
    news.dispatchEvent(new Event("change"));
  }, SOON_MS);
}

export const all = () => [...byId.values()];
export const get = (id) => byId.get(id);
export const bySystem = (id) => bySystemId.get(id);
export const within = (...states) => states.flatMap((state) => [...byState.get(state)]);
export const count = (...states) => states.reduce((sum, state) => sum + byState.get(state).size, 0);
export const first = (state) => byState.get(state).values().next().value;
export const isKnown = (entry) => byId.get(entry.id) === entry;
