/**
 * What people write about objects, kept until the server has it.
 *
 * A draft saves itself: a moment after the last letter, when the field is left, when the view is
 * left, and when the page goes. Until the server has said that it has the text, this browser keeps
 * it too, and brings it back when the object is opened again: after a reload, a crash, a sign-in.
 */

import { get, mayPass, patch } from "../api.js";
import { toast } from "../parts/toast.js";
import { link } from "../router.js";
import * as session from "../session.js";

const KEPT = "mammothbox.draft.";
const PAUSE_MS = 1200;
const AGAIN_MS = 4000;
const LONGEST_MS = 30_000;
const drafts = new Map();

/**
 * The draft of the object's comments, the same as long as somebody watches it or the server does
 * not have it. `named` is what the object is called where it is told of elsewhere.
 */
export function draftOf(object, named) {
  const name = `${KEPT}${session.holder().owner}/${object.system_id}`;
  const known = drafts.get(name);
  if (known) {
    known.meet(object);
    void known.save();
    return known;
  }
  const draft = begin(name, object, named);
  drafts.set(name, draft);
  return draft;
}

function begin(name, object, named) {
  const path = `/objects/${encodeURIComponent(object.system_id)}`;
  const { owner } = session.holder();
  const first = session.key();
  // Who signs out has written what is saved then as whom they were.
  const key = () => (session.holder()?.owner === owner ? session.key() : first);
  const copy = copyIn(name);
  const clock = clockOf(save);
  // All that was sent, for an answer may be lost.
  const sent = new Set();
  // What the server has and what is written here grew from, and when it told so.
  let server = { text: object.comments ?? "", at: Date.parse(object.updated_at) };
  let text = server.text;
  // What somebody else wrote meanwhile.
  let theirs = null;
  // The text that is on its way.
  let sending = null;
  // What became of what was sent last: "saved" or an error. Nothing since something was typed.
  let outcome = null;
  let watcher = null;

  const isSaved = () => text === server.text && theirs === null;
  const tell = () => watcher?.(draft);
  const draft = {
    write, save, flush, meet, settle, isSaved,
    watch: (told) => { watcher = told; tell(); },
    leave,
    get text() { return text; },
    get theirs() { return theirs; },
    get problem() { return outcome instanceof Error ? outcome : null; },
    get state() {
      if (theirs !== null) return "changed";
      if (sending !== null) return "saving";
      if (draft.problem) return "failed";
      return text === server.text ? outcome ?? "" : "typing";
    },
  };
  recall();
  return draft;

  /** What was typed before and never arrived, as far as it is not what the server has anyway. */
  function recall() {
    const kept = copy.read();
    if (!kept || kept.text === server.text) {
      copy.drop();
      return;
    }
    text = kept.text;
    if (kept.base === server.text) void save();
    else theirs = server.text;
  }

  function write(now) {
    text = now;
    outcome = null;
    clock.stop();
    if (isSaved()) copy.drop();
    else copy.keep(server.text, text);
    if (theirs === null) clock.soon();
    tell();
  }

  /** Send what is written, and what is written meanwhile after it. Fails by telling. */
  async function save() {
    clock.stop();
    if (sending !== null) return;
    try {
      while (text !== server.text && theirs === null) await send();
    } catch (error) {
      fail(error);
    } finally {
      sending = null;
      tell();
      if (isSaved() && !watcher) drafts.delete(name);
    }
  }

  async function send() {
    sending = text;
    sent.add(sending);
    outcome = null;
    tell();
    try {
      const now = await patch(path, { comments: sending || null, comments_before: server.text || null }, { key: key(), keepalive: true });
      arrived(Date.parse(now.updated_at));
    } catch (error) {
      if (error.code !== "comments_changed") throw error;
      await compare(error);
    }
  }

  function arrived(at) {
    server = { text: sending, at };
    outcome = "saved";
    clock.relax();
    if (copy.read()?.text === sending) copy.drop();
    else if (text !== sending) copy.keep(sending, text);
  }

  /** What is there may be our own, of which the answer was lost: then it is not in the way. */
  async function compare(error) {
    const now = await get(path, {}, { key: key() }).catch(() => { throw error; });
    const found = now.comments ?? "";
    const isOurs = sent.has(found);
    server = { text: isOurs ? found : server.text, at: Date.parse(now.updated_at) };
    if (isOurs) return;
    theirs = found;
    if (!watcher) tellElsewhere("Somebody else has changed the comments");
  }

  function fail(error) {
    outcome = error;
    if (!watcher) tellElsewhere(error.message);
    if (mayPass(error)) clock.later();
  }

  function tellElsewhere(why) {
    if (session.key() === null) return;
    toast(`Your comments on “${named}” are not saved yet: ${why.replace(/[.]?$/, ".")} They are kept in this browser.`, { bad: true, action: { label: "Open it", run: () => { location.hash = link("objects", object.system_id); } } });
  }

  /** The page goes: what is under way may be of an older text, and there is no time to wait for it. */
  function flush() {
    if (text === server.text || theirs !== null) return;
    if (sending === null) void save();
    else if (sending !== text) patch(path, { comments: text || null }, { key: key(), keepalive: true }).catch(() => {});
  }

  /** What the server says of the object now, unless it said so before it had what was saved. */
  function meet(now) {
    const at = Date.parse(now.updated_at);
    if (sending !== null || at < server.at) return;
    const found = now.comments ?? "";
    const before = server.text;
    const isInTheWay = text !== before && text !== found && !sent.has(found);
    server = { text: isInTheWay ? before : found, at };
    if (found === before) return;
    if (isInTheWay) theirs = found;
    else if (text === before) text = found;
    if (isSaved()) copy.drop();
    tell();
  }

  /** `words` are to be the comments, though somebody wrote others meanwhile. */
  function settle(words) {
    server = { ...server, text: theirs };
    theirs = null;
    text = words;
    if (isSaved()) {
      copy.drop();
      tell();
    } else {
      copy.keep(server.text, text);
      void save();
    }
  }

  /** Nobody looks at it any more. */
  function leave() {
    watcher = null;
    void save();
  }
}

/** What this browser keeps of a draft, and of what the server had when it was written. */
function copyIn(name) {
  return {
    read: () => JSON.parse(localStorage.getItem(name) ?? "null"),
    keep: (base, text) => localStorage.setItem(name, JSON.stringify({ base, text })),
    drop: () => localStorage.removeItem(name),
  };
}

/** Calls `act` in a moment, or later, and each time later than before until it may `relax`. */
function clockOf(act) {
  let timer = 0;
  let wait = AGAIN_MS;
  const set = (milliseconds) => {
    clearTimeout(timer);
    timer = setTimeout(act, milliseconds);
  };
  return {
    soon: () => set(PAUSE_MS),
    later: () => {
      set(wait);
      wait = Math.min(wait * 2, LONGEST_MS);
    },
    stop: () => clearTimeout(timer),
    relax: () => { wait = AGAIN_MS; },
  };
}

const unsaved = () => [...drafts.values()].filter((draft) => !draft.isSaved());

addEventListener("mammothbox:reachable", () => { for (const draft of unsaved()) void draft.save(); });
addEventListener("mammothbox:signed-out", () => { for (const draft of unsaved()) draft.flush(); });
addEventListener("pagehide", () => { for (const draft of unsaved()) draft.flush(); });
document.addEventListener("visibilitychange", () => { if (document.hidden) for (const draft of unsaved()) draft.flush(); });
/** Only what could not be saved is worth asking whether one means to go. */
addEventListener("beforeunload", (event) => { if (unsaved().some((draft) => draft.problem || draft.theirs !== null)) event.preventDefault(); });
