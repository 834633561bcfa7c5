/** Drop anything: what is to be uploaded, how far it is, and what became of it. */

import { items } from "../api.js";
import { fill, h, svg } from "../dom.js";
import { confirm } from "../parts/dialog.js";
import { complain } from "../parts/toast.js";
import { all, news, within } from "../uploading/entries.js";
import { left, meter } from "../uploading/pace.js";
import { canKeep, choose, filesIn } from "../uploading/picking.js";
import { list } from "../uploading/rows.js";
import * as uploader from "../uploading/uploader.js";
import { count, several, size } from "../words.js";

export const title = "Upload";
export const styles = ["upload.css"];

const SAY_EVERY_MS = 20_000;
const SIEVES = [
  { name: "all", label: "All", takes: () => true },
  { name: "open", label: "Under way", takes: (entry) => !["settled", "refused", "missing"].includes(entry.state) },
  { name: "done", label: "Done", takes: (entry) => entry.state === "settled" && entry.server.state !== "failed" },
  { name: "bad", label: "Needs you", takes: (entry) => ["refused", "missing"].includes(entry.state) || (entry.state === "settled" && entry.server.state === "failed") },
];

export async function show(place, route, signal) {
  const wishes = { collection: "", comments: "" };
  const take = (found) => uploader.add(found).catch(complain);
  const head = headOf();
  const lost = h("div", {});
  const sums = sumsOf();
  const sieve = sieveOf(() => draw());
  const files = list(() => all().filter(sieve.chosen().takes), signal);
  const zone = zoneOf(take);
  fill(place, head.element, zone.element, wishesOf(wishes, signal), lost, sums.element, sieve.element, files.element);

  function draw() {
    const totals = uploader.totals();
    head.draw(totals);
    zone.element.classList.toggle("small-zone", totals.files > 0);
    drawLost(lost, zone);
    sums.draw(totals);
    sieve.draw();
    files.draw();
  }
  document.addEventListener("paste", (event) => {
    if (event.target.closest("input, textarea") || !event.clipboardData.files.length) return;
    event.preventDefault();
    take(filesIn(event.clipboardData.files).map((each) => ({ ...each, isPasted: true })));
  }, { signal });
  news.addEventListener("change", draw, { signal });
  // Files dropped beside the page come by way of the shell, and are meant like all others.
  uploader.wish(wishes);
  signal.addEventListener("abort", () => uploader.wish({}));
  draw();
  await uploader.start();
  draw();
}

function headOf() {
  const pause = h("button", { type: "button", on: { click: () => (uploader.isPaused() ? uploader.resume() : uploader.pause()) } }, "Pause");
  const clear = h("button", { type: "button", class: "plain", on: { click: () => uploader.clear().catch(complain) } }, "Clear finished");
  const draw = ({ isBusy, over }) => {
    pause.hidden = !isBusy;
    const word = uploader.isPaused() ? "Resume" : "Pause";
    if (pause.textContent !== word) pause.textContent = word;
    clear.hidden = over === 0;
  };
  return { element: h("div", { class: "head" }, h("h1", {}, "Upload"), clear, pause), draw };
}

function zoneOf(take) {
  const files = chooser("files", { multiple: true }, take);
  const folder = chooser("folder", { webkitdirectory: true }, take);
  const isTouched = matchMedia("(pointer: coarse)").matches;
  const element = h("section", { class: "zone", "aria-label": "Add files" },
    svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", fill: "none", stroke: "currentColor", "stroke-width": "1.5", "stroke-linecap": "round", "stroke-linejoin": "round" },
      svg("path", { d: "M12 16V4m0 0-5 5m5-5 5 5M4 16v4h16v-4" })),
    h("div", {}, h("h2", {}, isTouched ? "Add anything" : "Drop anything here"),
      h("p", { class: "quiet" }, `Pictures, video, sound, JSON, any file or folder${isTouched ? "" : "; or paste"}. What the library has already is recognised and not sent.`)),
    h("div", { class: "row" }, files.element, folder.element));
  return { element, choose: files.open };
}

/** A button that lets the person choose, in the way that this browser remembers best. */
function chooser(what, attributes, take) {
  const input = h("input", { type: "file", hidden: true, "aria-label": `Choose ${what}`, ...attributes, on: { change: () => {
    take(filesIn(input.files));
    input.value = "";
  } } });
  const open = () => (canKeep(what) ? take(choose(what)) : input.click());
  const button = h("button", { type: "button", class: what === "files" ? "main" : null, on: { click: open } }, `Choose ${what === "files" ? "files" : "a folder"}`);
  return { element: [button, input], open };
}

function wishesOf(wishes, signal) {
  const known = h("datalist", { id: "known-collections" });
  const field = (name, label, properties) => h("label", {}, label, h("input", { name, type: "text", ...properties, on: { input: (event) => { wishes[name] = event.target.value.trim(); } } }));
  collections(known, signal);
  return h("details", { class: "wishes" }, h("summary", {}, "Collection and comments"),
    h("div", { class: "fields" },
      field("collection", "Collection for JSON (left empty, the file's shape decides)", { list: "known-collections", maxlength: 128, autocomplete: "off" }),
      field("comments", "Comments on what is added next", { maxlength: 10000, autocomplete: "off" }), known));
}

async function collections(known, signal) {
  try {
    for await (const each of items("/collections", { limit: 200 }, { signal })) known.append(h("option", { value: each.name }));
  } catch {
    // Suggestions only.
  }
}

function drawLost(place, zone) {
  const missing = within("missing");
  const shape = String(missing.length);
  if (place.dataset.shape === shape) return;
  place.dataset.shape = shape;
  if (!missing.length) {
    fill(place);
    return;
  }
  const forget = async () => {
    const isMeant = await confirm("Forget these uploads?", `${several(missing.length, "file")} will not be uploaded. What of them has arrived is thrown away.`, { answer: "Forget", danger: true });
    if (isMeant) for (const entry of within("missing")) await uploader.cancel(entry);
  };
  fill(place, h("div", { class: "notice warn row lost" },
    h("p", {}, `${several(missing.length, "upload")} of before ${missing.length === 1 ? "is" : "are"} not finished. Drop or choose the same files again: only what is missing is sent.`),
    missing.some((entry) => entry.root) && h("button", { type: "button", class: "main", on: { click: () => uploader.reopen().catch(complain) } }, "Go on"),
    h("button", { type: "button", on: { click: zone.choose } }, "Choose them again"),
    h("button", { type: "button", class: "plain", on: { click: forget } }, "Forget them")));
}

function sumsOf() {
  const bytesPerSecond = meter();
  const filesPerSecond = meter();
  const bar = h("progress", { max: 1, "aria-label": "Progress of all uploads" });
  const text = h("p", { class: "quiet" });
  const aloud = h("p", { class: "unseen", role: "status" });
  let said = 0;
  const element = h("section", { class: "sums", "aria-label": "In total", hidden: true }, bar, text, aloud);
  const draw = ({ bytes, gone, files, sent, over, failed, isBusy }) => {
    element.hidden = files === 0;
    const speed = bytesPerSecond(gone);
    const pace = filesPerSecond(sent);
    const isMoving = isBusy && !uploader.isPaused();
    bar.value = bytes ? gone / bytes : 1;
    const short = [`${count(over)} of ${several(files, "file")} done`, failed ? `${count(failed)} failed` : "", `${size(gone)} of ${size(bytes)}`];
    const told = [...short, isMoving && speed ? `${size(speed)}/s` : "", isMoving ? left({ open: bytes - gone, rate: speed }, { open: files - sent, rate: pace }) : ""].filter(Boolean).join(" · ");
    if (text.textContent !== told) text.textContent = told;
    const isOver = files > 0 && over === files;
    // Aloud the essential will do, and not every time that it changes.
    const news = `${isOver ? "All done: " : ""}${short.filter(Boolean).join(", ")}`;
    if (files && aloud.textContent !== news && (isOver || performance.now() - said > SAY_EVERY_MS)) {
      said = performance.now();
      aloud.textContent = news;
    }
  };
  return { element, draw };
}

function sieveOf(changed) {
  let name = "all";
  const buttons = SIEVES.map((each) => h("button", { type: "button", class: "chip", on: { click: () => { name = each.name; changed(); } } }));
  const element = h("div", { class: "row sieve", role: "group", "aria-label": "Show", hidden: true }, buttons);
  const draw = () => {
    const entries = all();
    element.hidden = !entries.length;
    SIEVES.forEach((each, at) => {
      const text = `${each.label} ${count(entries.filter(each.takes).length)}`;
      if (buttons[at].textContent !== text) buttons[at].textContent = text;
      buttons[at].setAttribute("aria-pressed", each.name === name);
    });
  };
  return { element, draw, chosen: () => SIEVES.find((each) => each.name === name) };
}
