/** Comments on an object, which save themselves. */

import { mayPass } from "../api.js";
import { fill, h } from "../dom.js";
import { several } from "../words.js";
import { draftOf } from "./drafts.js";

const LONGEST = 10_000;
const NEAR_END = 500;

/** `changed()` is told when the server has what was written. Answers `{element, show(object)}`. */
export function comments(object, { mayChange, named, changed, signal }) {
  const draft = draftOf(object, named);
  const text = h("textarea", { name: "comments", rows: "3", maxlength: LONGEST, disabled: !mayChange, "aria-describedby": "comments-standing" });
  const standing = h("p", { id: "comments-standing", class: "small quiet standing", role: "status" });
  const other = h("div", {});
  let shown = null;

  text.addEventListener("input", () => draft.write(text.value));
  text.addEventListener("blur", () => { if (draft.state === "typing") void draft.save(); });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void draft.save();
  });
  signal.addEventListener("abort", () => draft.leave());
  draft.watch(draw);
  return {
    element: h("div", { class: "stack comments" }, h("label", {}, "Comments", text), mayChange && standing, other),
    show: (now) => draft.meet(now),
  };

  function draw() {
    if (text.value !== draft.text) text.value = draft.text;
    const { state } = draft;
    if (state === "typing") standing.textContent = left();
    if (state === shown) return;
    if (state === "saved" && shown === "saving") changed();
    shown = state;
    standing.classList.toggle("bad", state === "failed");
    if (state !== "typing") fill(standing, SAID[state]?.(draft));
    fill(other, state === "changed" && conflict());
  }

  function left() {
    const characters = LONGEST - draft.text.length;
    return characters < NEAR_END ? `${several(characters, "character")} left` : "";
  }

  function conflict() {
    const { theirs } = draft;
    const button = (label, words) => h("button", { type: "button", on: { click: () => { draft.settle(words()); text.focus(); } } }, label);
    return h("div", { class: "notice warn stack", role: "alert" },
      h("p", {}, theirs ? "Meanwhile somebody else wrote here:" : "Meanwhile somebody else took these comments away. Yours are not saved yet."),
      theirs && h("blockquote", {}, theirs),
      h("div", { class: "row" }, button("Keep mine", () => draft.text), button(theirs ? "Take theirs" : "Leave it empty", () => theirs),
        theirs && button("Keep both", () => `${theirs}\n\n${draft.text}`)));
  }
}

const SAID = {
  saving: () => "Saving…",
  saved: () => "Saved ✓",
  changed: () => "Not saved yet",
  failed: (draft) => [`Not saved: ${draft.problem.message} `, mayPass(draft.problem) ? "It is kept in this browser, and sent again by itself. " : "It is kept in this browser. ",
    h("button", { type: "button", class: "small", on: { click: () => void draft.save() } }, "Try again")],
};
