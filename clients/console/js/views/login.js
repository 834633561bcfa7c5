/** Signing in with an API key. */

import { get, Problem } from "../api.js";
import { fill, h } from "../dom.js";
import { failed } from "../parts/states.js";
import { go } from "../router.js";
import * as session from "../session.js";

export const title = "Sign in";

export async function show(place) {
  const said = h("div", { "aria-live": "polite" }, session.reason() && h("p", { class: "notice warn" }, session.reason()));
  const form = h("form", { class: "card stack login", on: { submit } },
    h("h1", {}, "Welcome to MammothBox"),
    h("p", { class: "quiet" }, "Sign in with an API key. On your own machine ", h("code", {}, "make up"), " prints one, and ", h("code", {}, "make key OWNER=ada ROLE=admin"), " makes another."),
    h("label", {}, "API key", h("input", { name: "key", type: "password", required: true, autocomplete: "current-password", spellcheck: "false" })),
    said,
    h("button", { class: "main" }, "Sign in"));
  if (session.key()) {
    go(session.destination(session.holder().owner), { replace: true });
    return;
  }
  fill(place, form);
  form.elements.key.focus();

  async function submit(event) {
    event.preventDefault();
    const key = form.elements.key.value.trim();
    try {
      go(session.begin(key, await get("/keys/current", {}, { key })));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      fill(said, failed(error));
    }
  }
}
