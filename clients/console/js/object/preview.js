/** What an object looks or sounds like. */

import { h } from "../dom.js";
import { parse } from "../parts/exact.js";
import { tree, treeOf } from "../parts/jsontree.js";
import { known } from "../parts/picture.js";
import { count, size } from "../words.js";
import { freshAddress, keepPlaying } from "./address.js";
import { zoomable } from "./zoom.js";

const MOST_JSON = 3_000_000;
const MOST_LINES = 10;
const PLAYED = { audio: "sound", video: "video" };

/** An element that shows it, a video from `atMs` on; what has to be fetched for it comes later. */
export async function preview(object, signal, atMs = 0) {
  if (object.status === "awaiting_upload") return note("Its bytes have not arrived yet.", "The upload was begun and not finished. Send the same file again to go on.");
  if (object.error?.code === "purged") return note("Erased.", "Its bytes are gone for good.");
  const derivatives = object.duplicate_of && !object.derivatives.length
    ? (await known(object.duplicate_of).catch(() => object)).derivatives
    : object.derivatives;
  const named = (...names) => names.map((name) => derivatives.find((each) => each.name === name)).find(Boolean);
  if (object.kind === "video") return video(object, named("poster.jpg", "preview-1024.jpg"), atMs, signal);
  if (object.kind === "audio") return audio(object, named("waveform.png"), named("cover.jpg", "thumb-300.webp"), signal);
  const picture = named("preview-1024.jpg", "thumb-300.webp");
  if (picture) return image(object, picture, signal);
  if (object.kind === "json") return json(object, signal);
  if (["queued", "processing"].includes(object.status)) return note("Being looked at.", "It will be shown here once that is done.");
  if (object.status === "failed") return note("There is no preview of this.", "It failed before one was made. The file itself is kept and can be downloaded.");
  return note("There is no picture of this.", `${object.content_type ?? "Unknown type"}, ${size(object.size_bytes)}`);
}

function image(object, picture, signal) {
  return zoomable({
    address: picture.url, full: object.uri && (() => freshAddress(object, signal)), alt: object.caption || object.filename || "Picture without a description",
    width: object.width ?? picture.width, height: object.height ?? picture.height,
  });
}

function video(object, poster, atMs, signal) {
  const player = h("video", {
    src: atMs && object.uri ? `${object.uri}#t=${atMs / 1000}` : object.uri, poster: poster?.url, controls: true, preload: "metadata", playsinline: true, "aria-label": object.filename ?? "Video",
    width: object.width, height: object.height,
  });
  return h("div", { class: "player" }, keepPlaying(player, object, signal, () => unplayable(player)));
}

function unplayable(player) {
  if (player.error?.code !== MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED) return;
  const kind = player.tagName.toLowerCase();
  player.after(h("p", { class: "notice warn", role: "status" }, `This browser cannot play this ${PLAYED[kind]}. The download below has it as it came.`));
}

/** The waveform is a button-less map of time: a press on it goes there. */
function audio(object, wave, cover, signal) {
  const player = h("audio", { src: object.uri, controls: true, preload: "metadata", "aria-label": object.filename ?? "Sound" });
  keepPlaying(player, object, signal, () => unplayable(player));
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
    return h("div", { class: "document", tabindex: "0", role: "region", "aria-label": "Content" }, trees(text));
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return note(error instanceof SyntaxError ? "This is no JSON that can be shown." : "The file cannot be read just now.", error.message);
  }
}

/** One value, or one on each line; a line that is none keeps none of the others from being shown. */
function trees(text) {
  try {
    return [tree(text)];
  } catch (error) {
    const values = [];
    const lost = [];
    for (const [at, line] of text.split("\n").entries()) {
      if (!line.trim()) continue;
      try {
        values.push(parse(line));
      } catch {
        lost.push(at + 1);
      }
    }
    if (values.length + lost.length < 2 || !values.length) throw error;
    return [lost.length > 0 && h("p", { class: "notice warn" }, leftOut(lost)), treeOf(values)];
  }
}

/** Which lines are left out, by their numbers. */
function leftOut(lines) {
  if (lines.length === 1) return `Line ${count(lines[0])} is no JSON and left out here.`;
  const told = lines.slice(0, MOST_LINES).map(count);
  const rest = lines.length - told.length;
  return `Lines ${rest ? `${told.join(", ")} and ${count(rest)} more` : `${told.slice(0, -1).join(", ")} and ${told.at(-1)}`} are no JSON and left out here.`;
}

function note(head, text) {
  return h("div", { class: "nothing" }, h("p", {}, h("strong", {}, head)), text && h("p", { class: "quiet" }, text));
}
