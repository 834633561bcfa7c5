/** Saved searches and recent ones: what is shown before anything is asked, and how one is kept. */

import { items, patch, post, remove } from "../api.js";
import { pencil } from "../clusters/name.js";
import { h } from "../dom.js";
import { askAndSend } from "../parts/dialog.js";
import { picture } from "../parts/picture.js";
import { complain, toast } from "../parts/toast.js";
import { undoable } from "../parts/undo.js";
import { link } from "../router.js";
import * as session from "../session.js";
import { several } from "../words.js";
import { forgetRecent, recent } from "./suggest.js";

/** All saved searches. */
export async function listSaved(signal) {
  const found = [];
  for await (const each of items("/searches", { limit: 50 }, { signal })) found.push(each);
  return found;
}

/** Ask for a name and keep the search. Answers it, or `null`. */
export async function save(asked, signal) {
  const made = await askAndSend("Save this search", ({ name = asked.query }) => [
    h("label", {}, "Name", h("input", { name: "name", value: name.slice(0, 120), required: true, maxlength: "120" })),
    h("p", { class: "small quiet" }, "It stays live: it finds what fits whenever you look, with words only what is at least likely."),
  ], ({ name }) => post("/searches", { ...asked, name: name.trim() }), { answer: "Save", signal });
  if (made) toast(`Saved as “${made.name}”.`);
  return made;
}

const rename = (each, name) => patch(`/searches/${each.id}`, { name });

/** Let it ask something else. What it asked before can be had back; `again` is called then. */
export async function ask(each, asked, again) {
  const made = await patch(`/searches/${each.id}`, asked);
  toast(`“${each.name}” asks this now.`, {
    action: { label: "Undo", run: () => patch(`/searches/${each.id}`, { query: "", ...each.asked }).then(again, complain) },
  });
  return made;
}

async function forget(each, again) {
  await remove(`/searches/${each.id}`);
  undoable(`“${each.name}” is forgotten; what it finds stays.`, [{ back: () => post("/searches", { ...each.asked, name: each.name }).then(again) }]);
}

/** The page before anything is asked. `changed` is called when a saved search was. */
export function welcome(saved, { changed, ask }) {
  const past = recent();
  return h("div", { class: "stack welcome" },
    h("section", { class: "stack", "aria-labelledby": "saved-title" },
      h("h2", { id: "saved-title" }, "Saved searches"),
      saved.length
        ? h("ul", { class: "saved" }, saved.map((each) => savedCard(each, changed)))
        : h("p", { class: "quiet" }, "None yet. Search for something and press “Save”: it stays live, with how much it finds.")),
    past.length > 0 && h("section", { class: "stack", "aria-labelledby": "recent-title" },
      h("div", { class: "row" }, h("h2", { id: "recent-title" }, "Recent"),
        h("button", { type: "button", class: "plain small", on: { click: () => { forgetRecent(); changed(); } } }, "Forget them")),
      h("div", { class: "row" }, past.slice(0, 8).map((query) => h("a", { class: "chip", href: link("search", null, { q: query }) }, query)))),
    h("section", { class: "stack", "aria-labelledby": "try-title" },
      h("h2", { id: "try-title" }, "Things to try"),
      h("div", { class: "row" }, [["a red car", "what a picture shows"], ["kind:video", "only videos"], ["has:place after:2020", "taken somewhere, since 2020"], ["rating:>=4", "your best"]]
        .map(([query, note]) => h("button", { type: "button", class: "try", on: { click: () => ask(query) } }, h("span", { class: "mono" }, query), h("span", { class: "small quiet" }, note)))),
      h("p", { class: "quiet small" }, "Or drop a picture anywhere on this page to find what looks like it.")));
}

function savedCard(each, changed) {
  const act = (what) => async (...said) => {
    try {
      await what(...said);
      changed();
    } catch (error) {
      complain(error);
    }
  };
  const found = each.count === null ? "cannot be asked now" : `${several(each.count, "result")}${each.more ? " or more" : ""}`;
  const address = link("search", null, { saved: each.id });
  const name = h("a", { href: address, class: "name", "aria-label": `${each.name}, ${found}` }, each.name);
  return h("li", { class: "card" },
    h("a", { href: address, class: "cover", tabindex: "-1", "aria-hidden": "true" },
      picture(each.cover?.id, { address: each.cover?.thumbnail, kind: each.cover ? null : "—", shape: "square mini" })),
    h("span", { class: "about" }, name, h("span", { class: "small quiet" }, found)),
    session.may("uploader") && h("span", { class: "tools" },
      pencil(name, each.name, act((said) => rename(each, said))),
      h("button", { type: "button", class: "plain small", "aria-label": `Forget ${each.name}`, on: { click: act(() => forget(each, changed)) } }, "Forget")));
}
