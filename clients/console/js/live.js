/** Looking again and again at what changes by itself. */

/**
 * Call `look` now and every `milliseconds` until the signal aborts or `look` answers `false`.
 * It never runs twice at once, waits while the page is hidden, and slows down while it fails.
 */
export async function every(milliseconds, look, signal) {
  let failures = 0;
  while (!signal.aborted) {
    if (!document.hidden) {
      try {
        if ((await look()) === false) return;
        failures = 0;
      } catch (error) {
        if (error.name === "AbortError") return;
        failures = Math.min(failures + 1, 5);
      }
    }
    await pause(milliseconds * 2 ** failures, signal);
  }
}

/** Wait, but no longer than until the signal aborts. */
export function pause(milliseconds, signal) {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      done();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener("abort", end);
  });
}
