/** What an object looks or sounds like. */

import { h } from "../dom.js";
import { parse } from "../parts/exact.js";
import { tree, treeOf } from "../parts/jsontree.js";
import { state } from "../parts/states.js";
import { known } from "../parts/picture.js";
import { link } from "../router.js";
import { several, size } from "../words.js";
import { zoomable } from "./zoom.js";

const MOST_JSON = 3_000_000;
const PLAYED = { audio: "sound", video: "video" };

/** An element that shows it, a video from `atMs` on; what has to be fetched for it comes later. */
export async function preview(object, signal, atMs = 0) {
  if (object.status === "awaiting_upload") return note("Its bytes have not arrived yet.", "The upload was begun and not finished. Send the same file again to go on.");
  if (object.error?.code === "purged") return note("Erased.", "Its bytes are gone for good.");
  const derivatives = object.duplicate_of && !object.derivatives.length
    ? (await known(object.duplicate_of).catch(() => object)).derivatives
    : object.derivatives;
  const named = (...names) => names.map((name) => derivatives.find((each) => each.name === name)).find(Boolean);
  if (object.kind === "video") return video(object, named("poster.jpg", "preview-1024.jpg"), atMs);
  if (object.kind === "audio") return audio(object, named("waveform.png"), named("cover.jpg", "thumb-300.webp"));
  const picture = named("preview-1024.jpg", "thumb-300.webp");
  if (picture) return image(object, picture);
  if (object.kind === "json") return json(object, signal);
  if (["queued", "processing"].includes(object.status)) return note("Being looked at.", "It will be shown here once that is done.");
  return note("There is no picture of this.", `${object.content_type ?? "Unknown type"}, ${size(object.size_bytes)}`);
}

function image(object, picture) {
  return zoomable({
    address: picture.url, full: object.uri, alt: object.caption || object.filename || "Picture without a description",
    width: object.width ?? picture.width, height: object.height ?? picture.height,
  });
}

function video(object, poster, atMs) {
  return h("div", { class: "player" }, h("video", {
    src: atMs && object.uri ? `${object.uri}#t=${atMs / 1000}` : object.uri, poster: poster?.url, controls: true, preload: "metadata", playsinline: true, "aria-label": object.filename ?? "Video",
    width: object.width, height: object.height, on: { error: unplayable },
  }));
}

function unplayable(event) {
  if (event.target.error?.code !== 4) return;
  const kind = event.target.tagName.toLowerCase();
  event.target.after(h("p", { class: "notice warn", role: "status" }, `This browser cannot play this ${PLAYED[kind]}. The download below has it as it came.`));
}

/** The waveform is a button-less map of time: a press on it goes there. */
function audio(object, wave, cover) {
  const player = h("audio", { src: object.uri, controls: true, preload: "metadata", "aria-label": object.filename ?? "Sound", on: { error: unplayable } });
  const played = h("div", { class: "played" });
  const shape = wave && h("div", { class: "waveform" }, h("img", { src: wave.url, alt: "Waveform", width: wave.width, height: wave.height, draggable: "false" }), played);
  shape?.addEventListener("pointerdown", (event) => {
    const box = shape.getBoundingClientRect();
    if (Number.isFinite(player.duration)) player.currentTime = ((event.clientX - box.left) / box.width) * player.duration;
  });
  player.addEventListener("timeupdate", () => played.style.setProperty("inline-size", `${(100 * player.currentTime) / (player.duration || 1)}%`));
  return h("div", { class: "player sound" },
    cover && h("img", { class: "cover", src: cover.url, alt: "Cover", width: cover.width, height: cover.height }),
    (object.title || object.artist) && h("p", {}, h("strong", {}, object.title ?? ""), " ", [object.artist, object.album].filter(Boolean).join(" — ")),
    shape, player);
}

async function json(object, signal) {
  if (!object.uri) return note("There is nothing to show yet.", "");
  if (object.size_bytes > MOST_JSON) return note("Too large to show at once.", `${size(object.size_bytes)} of JSON: look at its documents in the collection, or download it.`);
  try {
    const answer = await fetch(object.uri, { signal });
    if (!answer.ok) throw new TypeError(`status ${answer.status}`);
    const text = await answer.text();
    return h("div", { class: "document", tabindex: "0", role: "region", "aria-label": "Content" }, trees(text, object.collection));
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return note(error instanceof SyntaxError ? "This is no JSON that can be shown." : "The file cannot be read just now.", error.message);
  }
}

/** One value, or one on each line; a line that is none keeps none of the others from being shown. */
function trees(text, collection) {
  try {
    return [tree(text)];
  } catch (error) {
    const lines = text.split("\n").filter((line) => line.trim());
    const values = lines.flatMap((line) => value(line));
    if (lines.length < 2 || !values.length) throw error;
    const lost = lines.length - values.length;
    return [lost > 0 && h("p", { class: "notice warn" }, `${several(lost, "line is", "lines are")} no JSON and left out here.`,
      collection && [" ", h("a", { href: link("collections", collection, { tab: "refused" }) }, "What was refused, and why")]), treeOf(values)];
  }
}

/** The value of a line, in a list; of one that is none, an empty list. */
function value(line) {
  try {
    return [parse(line)];
  } catch {
    return [];
  }
}

function note(head, text) {
  return h("div", { class: "nothing" }, h("p", {}, h("strong", {}, head)), text && h("p", { class: "quiet" }, text));
}

/** The state of the whole object as a notice, when it is not simply ready. */
export function standing(object) {
  if (object.trashed_at) return ["warn", "This is in the trash. Restore it, or erase it for good."];
  if (object.status === "failed") return ["bad", `It failed: ${object.error?.detail ?? "nobody knows why."}${object.error ? ` (${object.error.code})` : ""}`];
  if (object.status === "duplicate") return ["", ["Exactly the same bytes as ", h("a", { href: `#/objects/${object.duplicate_of}` }, "another object"), ", which stands for it."]];
  if (object.same_as) return ["", ["The same picture as ", h("a", { href: `#/objects/${object.same_as}` }, "the one that is kept"), "."]];
  if (object.status !== "ready") return ["", ["It is ", state(object.status), " and will be looked at by itself."]];
  return null;
}
