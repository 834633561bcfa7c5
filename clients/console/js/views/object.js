/** One object: what it looks like, what is known of it, what it belongs with, and its history. */

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { fromTrash, restore, sureToPurge, purge, trash } from "../library/acts.js";
import { goOn } from "../library/place.js";
import { every } from "../live.js";
import { facts, metadata, place as placeOf, united } from "../object/about.js";
import { freshAddress } from "../object/address.js";
import { care } from "../object/care.js";
import { cluster, duplicates, similar } from "../object/kin.js";
import { preview } from "../object/preview.js";
import { standing } from "../object/standing.js";
import { story } from "../object/story.js";
import { work } from "../object/work.js";
import { forget } from "../parts/picture.js";
import { refill } from "../parts/redraw.js";
import { waiting } from "../parts/states.js";
import { complain, toast } from "../parts/toast.js";
import { undoable } from "../parts/undo.js";
import { around } from "../parts/trail.js";
import { go, link } from "../router.js";
import * as session from "../session.js";

export const title = "Object";
export const styles = ["picture.css", "map.css", "tags.css", "jsontree.css", "object.css"];

const LOOK_MS = 2000;
const ON_ITS_WAY = new Set(["awaiting_upload", "queued", "processing"]);

export async function show(place, route, signal) {
  const path = `/objects/${encodeURIComponent(route.id)}`;
  let object = await get(path, {}, { signal });
  let looks = 0;
  let changes = 0;
  const named = object.filename ?? object.title ?? (object.kind === "json" ? `JSON of ${object.collection ?? "no collection"}` : "Unnamed");
  document.title = `${named} · MammothBox`;
  const heading = h("h1", { title: named, tabindex: "-1" }, named);
  const steps = h("nav", { class: "row steps", "aria-label": "In the list it was opened from" });
  const acts = h("div", { class: "row" });
  const standingPlace = h("div", {});
  const stage = h("div", { class: "stage" }, waiting());
  const about = h("div", { class: "stack" });
  const said = care(object, { named, changed: taken, signal });
  const side = h("div", { class: "stack" });
  const works = h("div", {});
  const kin = h("div", { class: "stack kin" }, waiting());
  // Below its kin, which would push it away when they come.
  const history = h("section", { class: "card stack", hidden: true }, h("h2", {}, "History"), waiting());

  fill(place,
    h("div", { class: "head" }, steps, heading, acts),
    standingPlace,
    h("div", { class: "object" }, h("div", { class: "stack main-part" }, stage, object.caption && h("p", { class: "caption" }, object.caption), kin, history), h("div", { class: "side side-part stack" }, about, said.element, side, works)));
  drawSteps();
  draw();
  addEventListener("mammothbox:undone", () => again().catch(complain), { signal });
  drawPreview();
  if (ON_ITS_WAY.has(object.status)) every(LOOK_MS, follow, signal);

  function draw() {
    drawActs();
    refill(standingPlace, heading, standing(object, again));
    refill(about, heading, h("section", { class: "card stack" }, h("h2", {}, "About it"), facts(object)));
    said.show(object);
    refill(side, heading, cluster(object, again, signal), placeOf(object, signal), united(object),
      object.status !== "awaiting_upload" && metadata(object, signal));
    drawRest();
  }

  function drawRest() {
    refill(works, heading, work(object, again));
    later(history, async () => [h("h2", {}, "History"), await story(object.system_id, object.cluster?.id, signal)]);
    later(kin, async () => Promise.all([duplicates(object, again, signal), similar(object, signal)])).then(() => { history.hidden = false; });
  }

  async function later(where, make) {
    try {
      refill(where, heading, await make());
    } catch (error) {
      if (error.name !== "AbortError") refill(where, heading, h("p", { class: "bad" }, error.message));
    }
  }

  async function drawPreview() {
    await later(stage, () => preview(object, signal, Number(route.query.get("at"))));
  }

  /** After a change that somebody made here: what they have in hand stays as it is. */
  function taken(now) {
    if (now) {
      changes += 1;
      object = { ...now };
    }
    forget(object.system_id);
    later(history, async () => [h("h2", {}, "History"), await story(object.system_id, object.cluster?.id, signal)]);
  }

  /** The object as it is: an answer that is older than a change that was answered meanwhile is out of date. */
  async function latest() {
    for (;;) {
      const before = changes;
      const now = await get(path, {}, { signal });
      if (before === changes) return now;
    }
  }

  async function again() {
    const mine = (looks += 1);
    const before = object.status;
    const now = await latest();
    // Of two looks that overlap the later one tells how it is.
    if (mine !== looks) return;
    object = now;
    forget(object.system_id);
    draw();
    if (before !== object.status) drawPreview();
    if (ON_ITS_WAY.has(object.status) && !ON_ITS_WAY.has(before)) every(LOOK_MS, follow, signal);
  }

  async function follow() {
    const now = await latest();
    const isSame = JSON.stringify([now.status, now.stages]) === JSON.stringify([object.status, object.stages]);
    const isLast = !ON_ITS_WAY.has(now.status);
    if (!isSame) {
      const before = object.status;
      object = now;
      if (side.contains(document.activeElement) && !isLast) drawRest();
      else draw();
      if (before !== now.status) drawPreview();
    }
    return !isLast;
  }

  function drawActs() {
    const isPurged = object.error?.code === "purged";
    const button = (label, act, look = null) => h("button", { type: "button", class: look, on: { click: () => act().catch(complain) } }, label);
    refill(acts, heading,
      object.uri && !isPurged && h("a", { class: "button", href: object.uri, download: object.filename ?? "", on: { click: download } }, "Download"),
      session.may("admin") && !isPurged && (object.trashed_at
        ? [button("Restore", back), button("Erase…", erase, "danger")]
        : button("Move to trash", away, "danger")));
  }

  async function download(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    try {
      h("a", { href: await freshAddress(object, signal), download: object.filename ?? "" }).click();
    } catch (error) {
      complain(error);
    }
  }

  async function away() {
    await trash(object.system_id);
    undoable("Moved to the trash.", [fromTrash(object.system_id)]);
    if (!signal.aborted) await again();
  }

  async function back() {
    await restore(object.system_id);
    toast("Restored.");
    if (!signal.aborted) await again();
  }

  async function erase() {
    if (!(await sureToPurge(1))) return;
    await purge(object.system_id);
    toast("Erased.");
    const trail = await around(object.system_id);
    if (!signal.aborted) go(trail?.address || "#/library", { replace: true });
  }

  async function drawSteps() {
    const home = () => h("a", { class: "button plain", href: "#/library", "aria-label": "Back to the library" }, "←");
    fill(steps, home());
    const trail = await around(object.system_id);
    if (!trail || signal.aborted) return;
    const onTo = (id, by) => {
      goOn(trail.address, by);
      go(link("objects", id), { replace: true });
    };
    const step = (id, by, sign, label) => (id
      ? h("a", { class: "button", href: link("objects", id), "aria-label": label, on: { click: (event) => { event.preventDefault(); onTo(id, by); } } }, sign)
      : h("button", { type: "button", disabled: true, "aria-label": label }, sign));
    fill(steps, h("a", { class: "button", href: trail.address || "#/library", "aria-label": "Back to the list" }, "←"),
      step(trail.previous, -1, "‹", "Previous"), step(trail.next, 1, "›", "Next"));
    document.addEventListener("keydown", (event) => {
      if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (event.target.closest("input, textarea, select, video, audio, .map, [role=slider], [role=region][tabindex], dialog") || document.querySelector("dialog[open]")) return;
      const [goal, by] = { ArrowLeft: [trail.previous, -1], ArrowRight: [trail.next, 1] }[event.key] ?? [];
      if (goal) onTo(goal, by);
      else if (event.key === "Escape" && trail.address) go(trail.address);
    }, { signal });
  }
}
