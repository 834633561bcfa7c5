/** How the whole object stands, when it is not simply ready: why, and what to do about it. */

import { h } from "../dom.js";
import { state } from "../parts/states.js";
import { link } from "../router.js";
import { count, several } from "../words.js";
import { mayReplay, replay } from "./work.js";

const MOST_TOLD = 5;

/** A notice, or `null`. `again` reads the object anew. */
export function standing(object, again) {
  const [look, words] = told(object, again) ?? [];
  return words ? h("div", { class: `notice ${look}`.trim(), role: look.startsWith("bad") ? "alert" : "status" }, words) : null;
}

function told(object, again) {
  if (object.trashed_at) return ["warn", "This is in the trash. Restore it, or erase it for good."];
  if (object.status === "failed") return ["bad stack", failure(object, again)];
  if (object.status === "duplicate") return ["", ["Exactly the same bytes as ", h("a", { href: link("objects", object.duplicate_of) }, "another object"), ", which stands for it."]];
  if (object.same_as) return ["", ["The same picture as ", h("a", { href: link("objects", object.same_as) }, "the one that is kept"), "."]];
  if (object.status !== "ready") return ["", ["It is ", state(object.status), " and will be looked at by itself."]];
  return object.documents_refused ? ["warn stack", refusals(object)] : null;
}

function failure(object, again) {
  const { error } = object;
  return [
    h("p", {}, h("strong", {}, "It failed: "), error?.detail ?? "nobody knows why.", error && [" ", h("code", { class: "small" }, error.code)]),
    error?.code !== "purged" && h("div", { class: "row" },
      mayReplay(object) && h("button", { type: "button", on: { click: () => replay(object, null, again) } }, "Try again"),
      h("span", { class: "small" }, error?.retryable ? "Trying again may help." : "Trying again will hardly help as long as the file stays as it is.")),
  ];
}

/** The rest of the file was kept, so that it is ready, but not all of it. */
function refusals({ documents_refused: number, refused, collection }) {
  const shown = refused.slice(0, MOST_TOLD);
  return [
    h("p", {}, h("strong", {}, `${several(number, "of its documents was", "of its documents were")} not kept`), "; all others of the file were."),
    h("ul", { class: "refused small" }, shown.map(({ position, code, detail }) => h("li", {}, `At byte ${count(position)}: ${detail} `, h("code", {}, code)))),
    collection && h("p", {}, h("a", { href: link("collections", collection, { tab: "refused" }) }, number > shown.length ? `All ${count(number)}, and what was refused of other files` : `What was refused in ${collection}`)),
  ];
}
