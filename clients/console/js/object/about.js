/** What is known of an object: its facts, where it was taken, and all that its file carries. */

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { map } from "../parts/map.js";
import { failed, state, waiting } from "../parts/states.js";
import { link } from "../router.js";
import * as session from "../session.js";
import { clock, count, duration, moment, size } from "../words.js";

const rows = (pairs) => h("dl", { class: "facts" }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "")
  .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));

export function facts(object) {
  const { camera } = object;
  return rows([
    ["State", [state(object.trashed_at ? "in the trash" : object.status), object.documents_refused > 0 && [" ", h("span", { class: "chip warn" }, `${count(object.documents_refused)} refused`)]]],
    ["Taken", object.taken_at && clock(object.taken_at)],
    ["Came", moment(object.created_at)],
    ["Type", object.content_type],
    ["Size", object.size_bytes === null ? null : size(object.size_bytes)],
    ["Pixels", object.width && `${object.width} × ${object.height}`],
    ["Length", object.duration_ms && duration(object.duration_ms)],
    ["Codecs", [object.video_codec, object.audio_codec].filter(Boolean).join(", ")],
    ["Camera", camera && [camera.make, camera.model].filter(Boolean).join(" ")],
    ["Lens", camera?.lens],
    ["Exposure", camera && exposure(camera)],
    ["Title", object.title],
    ["Artist", object.artist],
    ["Album", object.album],
    ["Text in it", object.visible_text],
    ["Collection", object.collection && h("a", { href: link("collections", object.collection) }, object.collection)],
    ["Schema", object.schema_id && h("a", { href: link("schemas", object.schema_id) }, "the one in force")],
    ["SHA-256", object.sha256 && h("code", { class: "digest", title: object.verified ? "Checked against the bytes" : "As it was announced; not yet checked" }, object.sha256)],
    ["Id", h("code", { class: "digest" }, object.system_id)],
  ]);
}

function exposure({ exposure_s: seconds, aperture, iso, focal_length_mm: length }) {
  return [
    seconds && (seconds < 0.4 ? `1/${Math.round(1 / seconds)} s` : `${seconds} s`),
    aperture && `f/${aperture}`, iso && `ISO ${iso}`, length && `${length} mm`,
  ].filter(Boolean).join(", ");
}

/** What other copies of the same picture told that its own file does not. */
export function united(object) {
  if (!object.united?.length) return null;
  return h("section", { class: "card stack" }, h("h2", {}, "Told by its copies"), object.united.map((each) => rows([
    ["From", h("a", { href: link("objects", each.system_id) }, "a copy")],
    ["Taken", each.taken_at && clock(each.taken_at)],
    ["Place", each.location && coordinates(each.location)],
    ["Camera", each.camera && [each.camera.make, each.camera.model].filter(Boolean).join(" ")],
  ])));
}

const coordinates = ({ latitude, longitude, altitude }) =>
  `${latitude.toFixed(5)}, ${longitude.toFixed(5)}${altitude === null ? "" : `, ${Math.round(altitude)} m`}`;

/** Where it was taken. Places of others are withheld, which is said rather than left out. */
export function place(object, signal) {
  const head = h("h2", {}, "Place");
  if (!object.location) {
    if (session.holder()?.owner === object.owner) return null;
    return h("section", { class: "card stack" }, head, h("p", { class: "quiet" }, "Withheld: only its owner is told where it was taken."));
  }
  const { latitude, longitude } = object.location;
  const shown = map({
    signal, label: "Where it was taken", pick: () => {},
    load: async () => [{ latitude, longitude, count: 1, cover: null }],
  });
  queueMicrotask(() => shown.start([longitude - 12, latitude - 8, longitude + 12, latitude + 8]));
  return h("section", { class: "card stack" }, head, shown.element, h("p", { class: "row" }, h("span", { class: "mono" }, coordinates(object.location)),
    h("a", { href: link("library", null, { map: 1, bbox: [longitude - 0.1, latitude - 0.1, longitude + 0.1, latitude + 0.1].map((each) => each.toFixed(4)).join(",") }) }, "What else is near")));
}

/** All that the file carries, asked for when it is opened. */
export function metadata(object, signal) {
  const inside = h("div", { class: "stack" });
  const details = h("details", { class: "card" }, h("summary", {}, h("h2", {}, "Everything the file carries")), inside);
  details.addEventListener("toggle", async () => {
    if (!details.open || inside.hasChildNodes()) return;
    fill(inside, waiting());
    try {
      const { metadata: groups } = await get(`/objects/${object.system_id}/metadata`, {}, { signal });
      const told = Object.entries(groups);
      fill(inside, told.length ? told.map(([name, value]) => group(name, value)) : h("p", { class: "quiet" }, "It carries nothing about itself."));
    } catch (error) {
      fill(inside, failed(error));
    }
  });
  return details;
}

function group(name, value) {
  const isGroup = value !== null && typeof value === "object" && !Array.isArray(value);
  return h("div", { class: "stack" }, h("h3", {}, name), rows(isGroup ? Object.entries(value).map(([key, one]) => [key, plain(one)]) : [["", plain(value)]]));
}

const plain = (value) => (typeof value === "string" ? value : JSON.stringify(value));
