/** Telling when the server does not answer, and when it is back. */

import { get } from "./api.js";
import { h } from "./dom.js";
import { pause } from "./live.js";

const SHORTEST_MS = 1000;
const LONGEST_MS = 8000;

/** Watch what requests meet, and say `mammothbox:reachable` when the server answers again. */
export function watch() {
  let isAsking = false;
  addEventListener("mammothbox:unreachable", async () => {
    if (isAsking) return;
    isAsking = true;
    const banner = h("div", { class: "banner", role: "status" }, "The server does not answer. Trying again…");
    document.querySelector(".bar").after(banner);
    for (let wait = SHORTEST_MS; !(await answers()); wait = Math.min(wait * 1.5, LONGEST_MS)) await pause(wait);
    banner.remove();
    isAsking = false;
    dispatchEvent(new CustomEvent("mammothbox:reachable"));
  });
}

const answers = () => get("/health/live").then(() => true, () => false);
