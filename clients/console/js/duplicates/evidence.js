/** Why two objects are taken for one, and in what they differ. */

import { fill, h } from "../dom.js";
import { known } from "../parts/picture.js";
import { complain } from "../parts/toast.js";
import { clock, moment, size } from "../words.js";

/** The numbers, in words. */
export function evidence(pair) {
  const { sha256, distance, colours, features, cosine } = pair.evidence;
  const rows = pair.class === "exact"
    ? [["Same bytes", "every byte is the same", sha256 ? `SHA-256 ${sha256.slice(0, 12)}…` : ""]]
    : [
      distance !== null && ["Picture hash", distance === 0 ? "no bit differs" : `${distance} of 64 bits ${distance === 1 ? "differs" : "differ"}`, distance <= 2 ? "as good as the same" : "close"],
      colours !== null && ["Colours", `${part(colours)} agree`, ""],
      features !== null && ["Seen in it", `${features.toFixed(3)} alike`, "cosine of what the model sees"],
      cosine !== null && ["Vectors", `${cosine.toFixed(3)} alike`, "cosine"],
    ].filter(Boolean);
  return h("dl", { class: "evidence" }, rows.map(([name, value, note]) => h("div", {}, h("dt", { class: "small quiet" }, name), h("dd", {}, value, note && h("span", { class: "small quiet" }, ` ${note}`)))));
}

const part = (share) => `${Math.floor(share * 1000) / 10} %`;

const FACTS = [
  ["Name", (it) => it.filename],
  ["Pixels", (it) => (it.width ? `${it.width} × ${it.height}` : null)],
  ["Size", (it) => (it.size_bytes === null ? null : size(it.size_bytes))],
  ["Type", (it) => it.content_type],
  ["Taken", (it) => (it.taken_at ? clock(it.taken_at) : null)],
  ["Camera", (it) => (it.camera ? [it.camera.make, it.camera.model, it.camera.lens].filter(Boolean).join(" ") || null : null)],
  ["Place", (it) => (it.location ? `${it.location.latitude.toFixed(4)}, ${it.location.longitude.toFixed(4)}` : null)],
  ["Tags", (it) => it.tags?.map((tag) => tag.label).sort().join(", ")],
  ["Caption", (it) => it.caption],
  ["Rating", (it) => (it.rating === null || it.rating === undefined ? null : `${it.rating} of 5`)],
  ["Comments", (it) => it.comments],
  ["Cluster", (it) => it.cluster?.name],
  ["Collection", (it) => it.collection],
  ["Arrived", (it) => moment(it.created_at)],
];

/** A table of both, differences marked. What the list tells is there at once, the rest follows. */
export function facts(pair) {
  const body = h("tbody", {});
  const paint = (halves) => fill(body, FACTS.map(([name, read]) => {
    const [one, other] = halves.map((each) => read(each) || "—");
    if (one === "—" && other === "—") return null;
    const differs = one !== other;
    return h("tr", { class: differs ? "differs" : null },
      h("th", { scope: "row" }, name, differs && h("span", { class: "unseen" }, " (differs)")), h("td", {}, one), h("td", {}, other));
  }));
  paint(pair.objects);
  Promise.all(pair.objects.map((each) => known(each.system_id)))
    .then((found) => paint(found.map((each, at) => ({ ...pair.objects[at], ...each }))))
    .catch(complain);
  return h("div", { class: "scroll-x", tabindex: "0", role: "region", "aria-label": "What is known of both" },
    h("table", { class: "facts" },
      h("thead", {}, h("tr", {}, h("td", {}), h("th", { scope: "col" }, "Left"), h("th", { scope: "col" }, "Right"))), body));
}
