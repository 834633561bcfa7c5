/** Signing out while there is something to upload. */

import { confirm } from "../parts/dialog.js";
import * as session from "../session.js";
import { several } from "../words.js";
import * as ledger from "./ledger.js";

/** Whether the person wants to leave, although files are not uploaded yet. */
export async function isMeant() {
  const { files } = await ledger.kept(session.holder().owner);
  const open = files.filter((each) => !each.sent).length;
  if (!open) return true;
  const told = `${several(open, "file")} ${open === 1 ? "is" : "are"} not uploaded yet. This browser forgets ${open === 1 ? "it" : "them"} when you sign out; what the library has stays.`;
  return confirm("Sign out?", told, { answer: "Sign out", danger: true });
}

/** Forget what was to be uploaded. */
export const forget = () => ledger.empty();
