/** How a file stands, in words: the same states mean the same everywhere. */

import { link } from "../router.js";
import { percent, several } from "../words.js";
import * as uploader from "./uploader.js";

/** What can be done about a file. */
export const actions = {
  cancel: { label: "Cancel", run: uploader.cancel },
  remove: { label: "Remove", run: uploader.cancel },
  retry: { label: "Try again", run: uploader.retry },
  replay: { label: "Replay", run: uploader.replay },
  open: { label: "Open", href: (entry) => link("objects", entry.systemId) },
  original: { label: "Open", href: (entry) => link("objects", entry.duplicateOf ?? entry.systemId) },
};

const shown = (text, { look = "quiet", share = null, stages = [], acts = [] } = {}) => ({ text, look, share, stages, acts });

/** `{text, look, share, stages, acts}`; `share` is `null` where there is no progress to show. */
export function standing(entry) {
  return SHOWN[entry.state](entry);
}

const SHOWN = {
  waiting: () => shown("Waiting", { acts: ["cancel"] }),
  checking: (entry) => shown(`Checking whether the library has it: ${percent(entry.hashed / entry.size)}`, { share: entry.hashed / entry.size, acts: ["cancel"] }),
  checked: (entry) => shown(entry.trouble ?? "Checked; waiting to be announced", { acts: ["cancel"] }),
  announcing: (entry) => shown(entry.trouble ?? "Announcing", { look: entry.trouble ? "warn" : "quiet", acts: ["cancel"] }),
  announced: (entry) => shown(uploader.isPaused() ? "Paused" : "Next in line", { share: entry.there / entry.size, acts: ["cancel"] }),
  sending: (entry) => shown(entry.trouble ?? `Sending: ${percent(entry.gone / entry.size)}`, { look: entry.trouble ? "warn" : "quiet", share: entry.gone / entry.size, acts: ["cancel"] }),
  missing: (entry) => shown(entry.there ? `${percent(entry.there / entry.size)} has arrived; choose the file again to send the rest` : "Choose the file again to go on", { look: "warn", share: entry.there ? entry.there / entry.size : null, acts: ["cancel"] }),
  refused: (entry) => shown(entry.error, { look: "bad", acts: entry.size ? ["retry", "remove"] : ["remove"] }),
  sent: processing,
  settled,
};

function processing(entry) {
  const stages = entry.server?.stages ?? [];
  const now = stages.find((stage) => stage.state === "running") ?? stages.find((stage) => stage.state === "queued");
  if (entry.spared) return shown("The library has it already; nothing was sent", { stages });
  return shown(now ? `Processing: ${now.name}` : "Sent; waiting for the pipeline", { stages, acts: entry.server ? ["open"] : [] });
}

function settled(entry) {
  const { state, stages, error, documents_refused: refused } = entry.server;
  if (state === "failed") return shown(error?.detail ?? "It failed.", { look: "bad", stages, acts: ["replay", "open"] });
  if (state === "duplicate") {
    return shown(entry.spared ? "The library has it already; nothing was sent" : "The library has it already", { look: "good", stages, acts: ["original"] });
  }
  if (refused) return shown(`Ready, but ${several(refused, "document was", "documents were")} refused: open it to see why`, { look: "warn", stages, acts: ["open"] });
  return shown("Ready", { look: "good", stages, acts: ["open"] });
}
