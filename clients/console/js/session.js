/** Whose key this browser works with. It stays in this browser until the person signs out. */

const KEY = "mammothbox.key";
const OWNER = "mammothbox.owner";
const AFTER_LOGIN = "mammothbox.after-login";
const AFTER_LOGIN_OF = "mammothbox.after-login-of";
const EXPIRED = "mammothbox.expired";
const WHY = "mammothbox.why-login";
const NOT_VALID = "This key is not valid any more. Sign in again to go on where you were.";

/** The key that this tab works with, for another tab may change what is kept, and whose it was last. */
let known = null;
let last = null;

/** A key whose owner is not put down yet, or not any more, is none. */
export const key = () => (localStorage.getItem(OWNER) === null ? null : localStorage.getItem(KEY));

/** Owner and role as the server told them at sign-in: `{owner, role}`, or `null`. */
export function holder() {
  return JSON.parse(localStorage.getItem(OWNER) ?? "null");
}

/** Sign in. Answers where that leads: to where the same person was before. */
export function begin(apiKey, who) {
  const after = destination(who.owner);
  known = apiKey;
  last = who.owner;
  localStorage.removeItem(EXPIRED);
  localStorage.setItem(KEY, apiKey);
  localStorage.setItem(OWNER, JSON.stringify({ owner: who.owner, role: who.role }));
  for (const name of [AFTER_LOGIN, AFTER_LOGIN_OF, WHY]) sessionStorage.removeItem(name);
  return after;
}

/** Sign out; `mammothbox:signed-out` tells who listens, and whether that was nobody's wish. */
export function end({ isExpired = false } = {}) {
  known = null;
  localStorage.removeItem(KEY);
  localStorage.removeItem(OWNER);
  dispatchEvent(new CustomEvent("mammothbox:signed-out", { detail: { isExpired } }));
}

/** The key is not valid any more: end, in every tab, and remember where the person was. */
export function expire() {
  localStorage.setItem(EXPIRED, "1");
  end({ isExpired: true });
  sessionStorage.setItem(WHY, NOT_VALID);
  interrupt();
}

/** Who signs out in one tab, or in with another key, has done so in all: none goes on showing what was seen. */
export function watch() {
  known = key();
  last = holder()?.owner ?? null;
  addEventListener("storage", (event) => {
    // The owner is put down and taken away after the key, so by then both are as they are to be.
    if (event.storageArea === localStorage && (event.key === OWNER || event.key === null)) follow();
  });
  // A page that the browser put aside, to come back to, was told of nothing.
  addEventListener("pageshow", (event) => event.persisted && follow());
}

function follow() {
  const before = known;
  if (key() === before) return;
  known = key();
  const isExpired = localStorage.getItem(EXPIRED) !== null;
  if (before !== null) dispatchEvent(new CustomEvent("mammothbox:signed-out", { detail: { isExpired } }));
  if (known === null) {
    if (isExpired) sessionStorage.setItem(WHY, NOT_VALID);
    interrupt();
    location.hash = "#/login";
  } else if (before === null) {
    // Nothing of anybody is shown on the page for signing in, which sees for itself what is next.
    sessionStorage.removeItem(WHY);
    dispatchEvent(new HashChangeEvent("hashchange"));
  } else {
    location.reload();
  }
}

/** Come back to the address that is shown now after the next sign-in, if it is the same person's. */
export function interrupt() {
  if (location.hash.startsWith("#/login")) return;
  sessionStorage.setItem(AFTER_LOGIN, location.hash);
  if (last !== null) sessionStorage.setItem(AFTER_LOGIN_OF, last);
}

/** Where signing in leads this owner. */
export function destination(owner) {
  const of = sessionStorage.getItem(AFTER_LOGIN_OF);
  return ((of === null || of === owner) && sessionStorage.getItem(AFTER_LOGIN)) || "#/library";
}

/** Why there has to be a sign-in, if that was not the person's wish. */
export const reason = () => sessionStorage.getItem(WHY);

const ROLES = ["viewer", "uploader", "admin", "operator"];

/** Whether the holder may do what needs at least this role. The server decides; this hides buttons. */
export function may(role) {
  return ROLES.indexOf(holder()?.role) >= ROLES.indexOf(role);
}
