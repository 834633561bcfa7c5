/** Where the bytes of an object are. Addresses work for five minutes, and a page may be open for longer. */

import { get } from "../api.js";

const FRESH_MS = 240_000;

/** An address that works now. */
export const freshAddress = async (object, signal) => (await get(`/objects/${object.system_id}`, {}, { signal })).uri;

/** Let a player whose address has grown old go on from where it was with another; `failed()` is told of all else. */
export function keepPlaying(player, object, signal, failed) {
  let since = Date.now();
  player.addEventListener("error", async () => {
    if (Date.now() - since < FRESH_MS) return failed();
    const { currentTime, paused } = player;
    try {
      player.src = await freshAddress(object, signal);
    } catch (error) {
      if (error.name !== "AbortError") failed();
      return;
    }
    since = Date.now();
    player.currentTime = currentTime;
    if (!paused) player.play().catch(() => {});
  });
  return player;
}
