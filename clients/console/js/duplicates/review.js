/** One pair at a time: compared, decided by a key or a button, and taken back as easily. */

import { fill, h } from "../dom.js";
import { fromTrash, restore, trash } from "../library/acts.js";
import { addressOf, forget, picture } from "../parts/picture.js";
import { state } from "../parts/states.js";
import { complain } from "../parts/toast.js";
import { undoable } from "../parts/undo.js";
import * as session from "../session.js";
import { count } from "../words.js";
import { compare, SIDES } from "./compare.js";
import { evidence, facts } from "./evidence.js";
import { copyOf, decide, isExact, undo } from "./pairs.js";

const SHORTCUTS = "mammothbox.shortcuts";
// What a key does once for each time that it is pressed, however long it is held.
const ONCE = "kjdu";
const KEYS = [["K", "keep left"], ["J", "keep right"], ["D", "not a duplicate"], ["B", "blink"], ["U", "undo"], ["← →", "previous, next"]];

/** Shows `pairs`, a list that decided ones stay in, from `first` on. `changed` is called after each decision. */
export function review(pairs, { signal, changed, first = null }) {
  const mayDecide = session.may("admin");
  const trashed = new Map();
  const history = [];
  let at = Math.max(0, pairs.findIndex((each) => (first ? each.id === first : each.state === "open")));
  let isBusy = false;
  const stage = compare();
  const progress = h("progress", { max: String(pairs.length), value: "0", "aria-label": "Decided" });
  const where = h("p", { class: "where", role: "status" });
  const list = h("ol", { class: "pairs", "aria-label": "Pairs" });
  const about = h("div", { class: "about stack" });
  const acts = h("div", { class: "acts" });
  const shortcuts = h("input", { type: "checkbox", checked: localStorage.getItem(SHORTCUTS) !== "off", on: { change: () => localStorage.setItem(SHORTCUTS, shortcuts.checked ? "on" : "off") } });
  const element = h("div", { class: "review" }, list,
    h("div", { class: "stack" },
      h("div", { class: "row steps" },
        h("button", { type: "button", "aria-label": "Previous pair", on: { click: () => step(-1) } }, "←"),
        where, progress,
        h("button", { type: "button", "aria-label": "Next pair", on: { click: () => step(1) } }, "→")),
      stage.element, acts, about,
      h("div", { class: "row legend small quiet" }, h("label", { class: "row" }, shortcuts, "Keys"),
        KEYS.map(([key, does]) => h("span", {}, h("kbd", {}, key), ` ${does}`)))));
  const isDone = (pair) => (isExact(pair) ? trashed.has(pair.id) : pair.state !== "open");

  const rows = pairs.map((pair, number) => h("button", { type: "button", class: "plain pair", on: { click: () => { at = number; show(); } } },
    pair.objects.map((each) => picture(isExact(pair) ? pair.suggested_keeper : each.system_id, { address: each.thumbnail, shape: "square mini", size: 150 })),
    h("span", { class: "small name" }, pair.objects[0].filename ?? "—"), h("span", { class: "tick" })));
  fill(list, rows.map((row) => h("li", {}, row)));

  function paintList() {
    rows.forEach((row, number) => {
      const done = isDone(pairs[number]);
      if (number === at) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
      if (row.classList.toggle("done", done) === (row.lastElementChild.textContent !== "")) return;
      fill(row.lastElementChild, done && [pairs[number].state === "dismissed" ? "≠" : "✓", h("span", { class: "unseen" }, " decided")]);
    });
    // Within the list only: the page stays where it is.
    const row = rows[at].parentElement;
    if (row.offsetTop < list.scrollTop || row.offsetTop + row.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = row.offsetTop - 60;
  }

  function paintStanding() {
    paintList();
    const done = pairs.filter(isDone).length;
    progress.value = done;
    fill(where, `Pair ${count(at + 1)} of ${count(pairs.length)}`, h("span", { class: "quiet" }, ` · ${count(done)} decided`));
  }

  function show() {
    const pair = pairs[at];
    paintStanding();
    stage.show(pair);
    paintActs(pair);
    fill(about, pair.reason && pair.state === "open" && h("p", { class: "small quiet phone-reason" }, pair.reason), evidence(pair), facts(pair));
    const next = pairs[at + 1];
    for (const each of next?.objects ?? []) addressOf(each.system_id, 1024).then((address) => { if (address) new Image().src = address; }).catch(() => {});
  }

  function paintActs(pair) {
    const button = (label, key, does, name = null) => h("button", { type: "button", class: name, on: { click: does } }, label, h("kbd", { "aria-hidden": "true" }, key));
    if (isExact(pair)) {
      const isGone = trashed.has(pair.id);
      fill(acts, verdict(isGone ? "The copy is in the trash." : "The two have the same bytes. They are stored once; the copy points to the first."),
        mayDecide && h("div", { class: "row" }, isGone ? button("Undo", "U", () => back()) : button("Move the copy to the trash", "K", () => dropCopy(pair), "main")));
      return;
    }
    if (pair.state !== "open") {
      const kept = pair.objects.findIndex((each) => each.system_id === pair.keeper);
      fill(acts, verdict(pair.state === "dismissed" ? "These are two different pictures, as somebody said." : `One picture: the ${SIDES[kept] ?? ""} one is kept in place of both. Nothing was deleted.`, pair.state),
        mayDecide && h("div", { class: "row" }, button("Undo", "U", () => back())));
      return;
    }
    const suggested = pair.objects.findIndex((each) => each.system_id === pair.suggested_keeper);
    fill(acts, verdict(h("span", {}, `Suggested: keep the ${SIDES[suggested]} one. `, h("span", { class: "quiet reason" }, pair.reason ?? ""))),
      mayDecide && h("div", { class: "row" },
        button("Keep left", "K", () => keep(0), suggested === 0 ? "main" : null),
        button("Keep right", "J", () => keep(1), suggested === 1 ? "main" : null),
        button("Not a duplicate", "D", () => dismiss())));
  }

  const verdict = (text, name = null) => h("p", { class: "verdict" }, name && state(name), text);

  /** Decide about the pair that is shown; `does` answers it as it is then, and what its undo goes by. */
  async function act(does, text) {
    if (isBusy || !mayDecide) return;
    isBusy = true;
    const number = at;
    try {
      const { pair, key } = await does(pairs[number]);
      pairs[number] = pair;
      forget(...pair.objects.map((each) => each.system_id));
      history.push(pair.id);
      undoable(text, [{ key, back: () => takeBack(pair.id) }], { quiet: true });
      // Who looks at another pair by now stays there, or the next key would decide about one not looked at.
      if (at !== number) paintStanding();
      else if (pairs.some((each) => !isDone(each))) step(1, (each) => !isDone(each));
      else show();
      where.prepend(h("span", { class: "unseen" }, `${text}. `));
      changed();
    } catch (error) {
      complain(error);
    } finally {
      isBusy = false;
    }
  }

  const isOpen = () => !isExact(pairs[at]) && pairs[at].state === "open";
  const say = async (pair, ...said) => {
    const now = await decide(pair, ...said);
    return { pair: now, key: now.decision_id };
  };
  const keep = (side) => isOpen() && act((pair) => say(pair, "confirm", pair.objects[side].system_id), `Kept the ${SIDES[side]} one`);
  const dismiss = () => isOpen() && act((pair) => say(pair, "dismiss"), "Not a duplicate");
  const dropCopy = (pair) => act(async () => {
    const { system_id: id } = copyOf(pair);
    await trash(id);
    trashed.set(pair.id, id);
    return { pair, key: fromTrash(id).key };
  }, "The copy is in the trash");

  /** Take back what was decided about this pair, or else what was decided last. */
  async function back() {
    if (isBusy || !mayDecide) return;
    const pair = isDone(pairs[at]) ? pairs[at] : pairs.find((each) => each.id === history.at(-1));
    if (pair && isDone(pair)) await takeBack(pair.id).catch(complain);
  }

  async function takeBack(id) {
    isBusy = true;
    const before = at;
    try {
      const number = pairs.findIndex((each) => each.id === id);
      const pair = pairs[number];
      if (isExact(pair)) {
        await restore(trashed.get(id));
        trashed.delete(id);
      } else pairs[number] = await undo(pair);
      forget(...pair.objects.map((each) => each.system_id));
      if (history.includes(id)) history.splice(history.lastIndexOf(id), 1);
      if (signal.aborted) return void dispatchEvent(new CustomEvent("mammothbox:undone"));
      if (at === before || at === number) {
        at = number;
        show();
      } else paintStanding();
      where.prepend(h("span", { class: "unseen" }, "Taken back. "));
      changed();
    } finally {
      isBusy = false;
    }
  }

  function step(by, wanted = () => true) {
    for (let tried = 1; tried <= pairs.length; tried += 1) {
      const next = (at + by * tried + pairs.length * tried) % pairs.length;
      if (!wanted(pairs[next])) continue;
      at = next;
      break;
    }
    show();
  }

  function press(event) {
    if (!shortcuts.checked || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest("select, textarea, input:not([type=checkbox], [type=range])")) return;
    if (event.repeat && ONCE.includes(event.key.toLowerCase())) return;
    const arrows = event.target.closest("input[type=range]") ? {} : { ArrowLeft: () => step(-1), ArrowRight: () => step(1) };
    const does = {
      ...arrows, k: () => (isExact(pairs[at]) ? !isDone(pairs[at]) && dropCopy(pairs[at]) : keep(0)), j: () => keep(1), d: dismiss,
      b: () => stage.blink(), u: back, Escape: () => stage.calm(),
    }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!does) return;
    event.preventDefault();
    does();
  }

  document.addEventListener("keydown", press, { signal });
  show();
  return { element };
}
