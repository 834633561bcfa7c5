/** Whose key this browser works with. It stays in this browser until the person signs out. */

const KEY = "mammothbox.key";
const OWNER = "mammothbox.owner";
const AFTER_LOGIN = "mammothbox.after-login";
const WHY = "mammothbox.why-login";

/** The key that this tab works with, for another tab may change what is kept. */
let known = null;

/** A key whose owner is not put down yet, or not any more, is none. */
export const key = () => (localStorage.getItem(OWNER) === null ? null : localStorage.getItem(KEY));

/** Owner and role as the server told them at sign-in: `{owner, role}`, or `null`. */
export function holder() {
  return JSON.parse(localStorage.getItem(OWNER) ?? "null");
}

export function begin(apiKey, who) {
  known = apiKey;
  localStorage.setItem(KEY, apiKey);
  localStorage.setItem(OWNER, JSON.stringify({ owner: who.owner, role: who.role }));
  sessionStorage.removeItem(AFTER_LOGIN);
  sessionStorage.removeItem(WHY);
}

export function end() {
  known = null;
  localStorage.removeItem(KEY);
  localStorage.removeItem(OWNER);
  dispatchEvent(new CustomEvent("mammothbox:signed-out"));
}

/** The key is not valid any more: end, and remember where the person was. */
export function expire() {
  end();
  sessionStorage.setItem(WHY, "This key is not valid any more. Sign in again to go on where you were.");
  interrupt();
}

/** Who signs out in one tab, or in with another key, has done so in all: none goes on showing what was seen. */
export function watch() {
  known = key();
  addEventListener("storage", (event) => {
    // The owner is put down and taken away after the key, so by then both are as they are to be.
    if (event.storageArea !== localStorage || (event.key !== OWNER && event.key !== null) || key() === known) return;
    known = key();
    if (known !== null) {
      location.reload();
      return;
    }
    dispatchEvent(new CustomEvent("mammothbox:signed-out"));
    interrupt();
    location.hash = "#/login";
  });
}

/** Come back to the address that is shown now after the next sign-in. */
export function interrupt() {
  if (!location.hash.startsWith("#/login")) sessionStorage.setItem(AFTER_LOGIN, location.hash);
}

/** Where the next sign-in leads, and why there has to be one, if that was not the person's wish. */
export const destination = () => sessionStorage.getItem(AFTER_LOGIN) || "#/library";
export const reason = () => sessionStorage.getItem(WHY);

const ROLES = ["viewer", "uploader", "admin", "operator"];

/** Whether the holder may do what needs at least this role. The server decides; this hides buttons. */
export function may(role) {
  return ROLES.indexOf(holder()?.role) >= ROLES.indexOf(role);
}
