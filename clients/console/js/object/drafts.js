/**
 * What people write about objects, kept until the server has it.
 *
 * A draft saves itself: a moment after the last letter, when the field is left, when the view is
 * left, and when the page goes. Until the server has said that it has the text, this browser keeps
 * it too, and brings it back when the object is opened again: after a reload, a crash, a sign-in.
 */

import { get, patch } from "../api.js";
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
  const sent = new Set();
  let base = object.comments ?? "";
  let at = Date.parse(object.updated_at);
  let text = base;
  let theirs = null;
  let problem = null;
  let hasSaved = false;
  let running = null;
  let flying = null;
  let timer = 0;
  let wait = AGAIN_MS;
  let watcher = null;

  const isSaved = () => text === base && theirs === null;
  const tell = () => watcher?.(draft);
  const draft = {
    write, save, flush, meet, settle, isSaved,
    watch: (told) => { watcher = told; tell(); },
    leave,
    get text() { return text; },
    get theirs() { return theirs; },
    get problem() { return problem; },
    get state() { return theirs !== null ? "changed" : running ? "saving" : problem ? "failed" : text !== base ? "typing" : hasSaved ? "saved" : ""; },
  };
  recall();
  return draft;

  /** What was typed before and never arrived, as far as it is not what the server has anyway. */
  function recall() {
    const kept = JSON.parse(localStorage.getItem(name) ?? "null");
    if (!kept || kept.text === base) {
      localStorage.removeItem(name);
      return;
    }
    text = kept.text;
    if (kept.base === base) void save();
    else theirs = base;
  }

  function write(now) {
    text = now;
    hasSaved = false;
    problem = null;
    clearTimeout(timer);
    if (text === base && theirs === null) localStorage.removeItem(name);
    else keep();
    if (theirs === null) timer = setTimeout(save, PAUSE_MS);
    tell();
  }

  function keep() {
    localStorage.setItem(name, JSON.stringify({ base, text }));
  }

  /** Send what is written, and what is written meanwhile after it. Fails by telling. */
  function save() {
    clearTimeout(timer);
    running ??= send().finally(() => {
      running = null;
      tell();
      if (isSaved() && !watcher) drafts.delete(name);
    });
    return running;
  }

  async function send() {
    while (text !== base && theirs === null) {
      const wanted = (flying = text);
      sent.add(wanted);
      problem = null;
      tell();
      try {
        const now = await patch(path, { comments: wanted || null, comments_before: base || null }, { key: key(), keepalive: true });
        arrived(now, wanted);
      } catch (error) {
        if (error.code === "comments_changed" && (await compare())) continue;
        if (theirs === null) fail(error);
        return;
      }
    }
  }

  function arrived(now, wanted) {
    base = wanted;
    at = Date.parse(now.updated_at);
    hasSaved = true;
    wait = AGAIN_MS;
    if (JSON.parse(localStorage.getItem(name) ?? "null")?.text === wanted) localStorage.removeItem(name);
    else if (text !== base) keep();
  }

  /** Whether what is there is our own, of which the answer was lost: then it is not in the way. */
  async function compare() {
    const now = await get(path, {}, { key: key() }).catch(() => null);
    if (!now) return false;
    const found = now.comments ?? "";
    at = Date.parse(now.updated_at);
    if (sent.has(found)) {
      base = found;
      return true;
    }
    theirs = found;
    if (!watcher) tellElsewhere("Somebody else has changed the comments");
    return false;
  }

  function fail(error) {
    problem = error;
    if (!watcher) tellElsewhere(error.message);
    if (error.status !== 0 && error.status < 500) return;
    timer = setTimeout(save, wait);
    wait = Math.min(wait * 2, LONGEST_MS);
  }

  function tellElsewhere(why) {
    if (session.key() === null) return;
    toast(`Your comments on “${named}” are not saved yet: ${why.replace(/[.]?$/, ".")} They are kept in this browser.`, { bad: true, action: { label: "Open it", run: () => { location.hash = link("objects", object.system_id); } } });
  }

  /** The page goes: what is under way may be of an older text, and there is no time to wait for it. */
  function flush() {
    if (text === base || theirs !== null) return;
    if (!running) void save();
    else if (flying !== text) patch(path, { comments: text || null }, { key: key(), keepalive: true }).catch(() => {});
  }

  /** What the server says of the object now, unless it said so before it had what was saved. */
  function meet(now) {
    const told = Date.parse(now.updated_at);
    if (running || told < at) return;
    const found = now.comments ?? "";
    at = told;
    if (found === base) return;
    if (text === base || text === found || sent.has(found)) {
      if (text === base) text = found;
      base = found;
      if (text === base) localStorage.removeItem(name);
    } else theirs = found;
    tell();
  }

  /** `words` are to be the comments, though somebody wrote others meanwhile. */
  function settle(words) {
    base = theirs;
    theirs = null;
    text = words;
    keep();
    if (text === base) {
      localStorage.removeItem(name);
      tell();
    } else void save();
  }

  /** Nobody looks at it any more. */
  function leave() {
    watcher = null;
    if (isSaved() && !running) drafts.delete(name);
    else void save();
  }
}

const unsaved = () => [...drafts.values()].filter((draft) => !draft.isSaved());

addEventListener("mammothbox:reachable", () => { for (const draft of unsaved()) void draft.save(); });
addEventListener("mammothbox:signed-out", () => { for (const draft of unsaved()) draft.flush(); });
addEventListener("pagehide", () => { for (const draft of unsaved()) draft.flush(); });
document.addEventListener("visibilitychange", () => { if (document.hidden) for (const draft of unsaved()) draft.flush(); });
/** Only what could not be saved is worth asking whether one means to go. */
addEventListener("beforeunload", (event) => { if (unsaved().some((draft) => draft.problem || draft.theirs !== null)) event.preventDefault(); });
