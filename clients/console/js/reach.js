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
    const banner = h("div", { class: "banner", role: "status" });
    document.querySelector(".bar").after(banner);
    for (let wait = SHORTEST_MS; ; wait = Math.min(wait * 1.5, LONGEST_MS)) {
      const told = navigator.onLine === false ? "There is no network; waiting for it…" : "The server does not answer. Trying again…";
      if (banner.textContent !== told) banner.textContent = told;
      if (await answers()) break;
      await turnOf(wait);
    }
    banner.remove();
    isAsking = false;
    dispatchEvent(new CustomEvent("mammothbox:reachable"));
  });
  // A server on this very machine is there without a network, too: whether it is, the request tells.
  addEventListener("offline", answers);
}

/** A request that nobody answers at all is no answer, either. */
async function answers() {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), LONGEST_MS);
  try {
    await get("/health/live", {}, { signal: over.signal });
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/** Wait, but no longer than until the network comes or goes. */
async function turnOf(milliseconds) {
  const over = new AbortController();
  const stop = () => over.abort();
  for (const name of ["online", "offline"]) addEventListener(name, stop, { signal: over.signal });
  await pause(milliseconds, over.signal);
  stop();
}
