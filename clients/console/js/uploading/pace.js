/** How fast it goes, and how long it will take. */

const WINDOW_MS = 6000;

/** Tell it how much has gone so far, in bytes or in files; it answers how much per second over the last moments. */
export function meter(now = () => performance.now()) {
  let seen = [];
  return (gone) => {
    const at = now();
    if (seen.length && gone < seen.at(-1).gone) seen = [];
    seen.push({ at, gone });
    while (seen.length > 2 && at - seen[0].at > WINDOW_MS) seen.shift();
    const length = at - seen[0].at;
    return length < 500 ? 0 : ((gone - seen[0].gone) / length) * 1000;
  };
}

/**
 * `2 min left`, of `{open, rate}` whichever takes longest: of large files the bytes take time, of small
 * ones their number. Nothing while there is no telling.
 */
export function left(...kinds) {
  const seconds = Math.max(...kinds.filter(({ rate }) => rate).map(({ open, rate }) => open / rate));
  if (!(seconds > 0 && seconds < Infinity)) return "";
  if (seconds < 10) return "a few seconds left";
  if (seconds < 90) return `${Math.round(seconds / 5) * 5} s left`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min left` : `${(seconds / 3600).toFixed(1)} h left`;
}
