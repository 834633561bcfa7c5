/** Where the results were taken: the same query on a map, above the list. */

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { map } from "../parts/map.js";
import { several } from "../words.js";
import { UNLIKELY } from "./results.js";

/**
 * `pick(bbox)` is told which part of the map was chosen. Answers `{element, show}`: `show(asked)`
 * draws what a query finds, as `{query, type, min_score}`; `show(null)` takes the map away.
 */
export function where({ pick, signal }) {
  const note = h("p", { class: "small quiet" });
  const element = h("section", { class: "where", "aria-label": "Map of the results", hidden: true });
  let asked = null;
  let shown = null;

  async function load({ bbox, zoom }, stop) {
    const { items } = await get("/map", { min_score: UNLIKELY, ...asked, bbox, zoom }, { signal: stop });
    const all = items.reduce((sum, spot) => sum + spot.count, 0);
    note.textContent = all ? `${several(all, "result")} with a place in this part of the map. Choose a spot to see only what is there.`
      : "No result has a place in this part of the map.";
    return items;
  }

  function show(next) {
    const isOther = JSON.stringify(next) !== JSON.stringify(asked);
    asked = next;
    element.hidden = !next;
    if (!next) {
      // What is not seen is not asked for either.
      fill(element);
      shown?.stop();
      shown = null;
    } else if (!shown) {
      const gone = new AbortController();
      const made = map({ load, pick: ({ bbox }) => { made.fit(...bbox); pick(bbox); }, signal: AbortSignal.any([signal, gone.signal]), label: "Where the results were taken" });
      shown = { made, stop: () => gone.abort() };
      fill(element, made.element, note);
      made.start();
    } else if (isOther) {
      shown.made.refresh();
    }
  }

  return { element, show };
}
