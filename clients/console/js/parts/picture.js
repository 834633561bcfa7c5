/**
 * Pictures of objects by their ids, for lists that tell no address of one.
 *
 * `picture(id, {size, alt, name, signal})` is a box that keeps its size (`style/picture.css`) and
 * asks for its picture when it comes near the window. `known` is an address that a list has told.
 * Without a picture the box shows what kind of thing it is.
 */

import { get } from "../api.js";
import { fill, h } from "../dom.js";

const NAMES = { 150: "thumb-150.webp", 300: "thumb-300.webp", 1024: "preview-1024.jpg" };
// Addresses work for five minutes.
const FRESH = 4 * 60 * 1000;
const MOST = 500;
const asked = new Map();
const meanings = new WeakMap();
const near = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    near.unobserve(entry.target);
    meanings.get(entry.target)?.();
  }
}, { rootMargin: "300px" });

/** Everything known of an object, asked once in a few minutes however many want it. */
export function known(id) {
  const before = asked.get(id);
  if (before && Date.now() - before.at < FRESH) return before.answer;
  const answer = get(`/objects/${id}`);
  asked.set(id, { at: Date.now(), answer });
  answer.catch(() => asked.delete(id));
  if (asked.size > MOST) asked.delete(asked.keys().next().value);
  return answer;
}

/** What was known of objects is old: they have been changed. */
export const forget = (...ids) => ids.forEach((id) => asked.delete(id));

export function picture(id, { size = 300, alt = "", address = null, kind = null, shape = "square" } = {}) {
  const box = h("span", { class: `picture ${shape}` });
  // A list that was read some minutes ago tells an address that does not work any more: once it is asked for anew.
  if (address) put(box, address, alt, id ? () => { forget(id); later(box, id, size, alt); } : undefined);
  else if (id && (kind === null || kind === "image" || kind === "video" || kind === "audio")) later(box, id, size, alt);
  else nothing(box, kind, alt);
  return box;
}

/** The address of an object's picture of about that many pixels, or `null`. */
export async function addressOf(id, size = 300) {
  const { derivatives, duplicate_of: original } = await known(id);
  const named = (name) => derivatives.find((each) => each.name === name)?.url;
  const found = named(NAMES[size]) ?? named("waveform.png");
  // The pictures of an exact duplicate are its original's.
  return found ?? (original ? addressOf(original, size) : null);
}

function later(box, id, size, alt) {
  meanings.set(box, async () => {
    try {
      const address = await addressOf(id, size);
      if (address) put(box, address, alt);
      else nothing(box, (await known(id)).kind, alt);
    } catch {
      nothing(box, null, alt);
    }
  });
  near.observe(box);
}

function put(box, address, alt, failed = () => nothing(box, null, alt)) {
  const image = h("img", { alt, src: address, loading: "lazy", decoding: "async", draggable: "false" });
  image.addEventListener("error", failed);
  fill(box, image);
}

function nothing(box, kind, alt) {
  box.classList.add("none");
  fill(box, h("span", { "aria-hidden": alt ? null : "true" }, kind ?? "no picture"));
}
