/** How far uploads are, in the bar, wherever one is. */

import { fill, h } from "../dom.js";
import { link } from "../router.js";
import { count, percent } from "../words.js";
import { news } from "./entries.js";
import { isPaused, totals } from "./uploader.js";

let place = null;

/** Show it there from now on. */
export function show(where) {
  if (place) return;
  place = where;
  news.addEventListener("change", draw);
  draw();
}

function draw() {
  const { isBusy, bytes, gone, files, over } = totals();
  if (!isBusy) {
    fill(place);
    return;
  }
  if (!place.firstElementChild) fill(place, h("a", { href: link("upload") }, h("span", { class: "word" }), " ", h("span", {})));
  const texts = [isPaused() ? "Uploads paused" : "Uploading", percent(bytes ? gone / bytes : 0)];
  place.querySelectorAll("span").forEach((shown, at) => {
    if (shown.textContent !== texts[at]) shown.textContent = texts[at];
  });
  place.firstElementChild.title = `${count(files - over)} files to go`;
}
