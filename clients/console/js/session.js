/** Whose key this browser works with. It stays in this browser until the person signs out. */

const KEY = "mammothbox.key";
const OWNER = "mammothbox.owner";
const AFTER_LOGIN = "mammothbox.after-login";
const WHY = "mammothbox.why-login";

export const key = () => localStorage.getItem(KEY);

/** Owner and role as the server told them at sign-in: `{owner, role}`, or `null`. */
export function holder() {
  return JSON.parse(localStorage.getItem(OWNER) ?? "null");
}

export function begin(apiKey, who) {
  localStorage.setItem(KEY, apiKey);
  localStorage.setItem(OWNER, JSON.stringify({ owner: who.owner, role: who.role }));
  sessionStorage.removeItem(AFTER_LOGIN);
  sessionStorage.removeItem(WHY);
}

export function end() {
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
