/** How fast it goes, and how long it will take. */

const WINDOW_MS = 6000;

/** Tell it the bytes that have gone so far; it answers bytes per second over the last moments. */
export function meter(now = () => performance.now()) {
  let seen = [];
  return (bytes) => {
    const at = now();
    if (seen.length && bytes < seen.at(-1).bytes) seen = [];
    seen.push({ at, bytes });
    while (seen.length > 2 && at - seen[0].at > WINDOW_MS) seen.shift();
    const length = at - seen[0].at;
    return length < 500 ? 0 : ((bytes - seen[0].bytes) / length) * 1000;
  };
}

/** `2 min left`; nothing while there is no telling. */
export function left(bytes, rate) {
  if (!rate || !bytes) return "";
  const seconds = bytes / rate;
  if (seconds < 10) return "a few seconds left";
  if (seconds < 90) return `${Math.round(seconds / 5) * 5} s left`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min left` : `${(seconds / 3600).toFixed(1)} h left`;
}
