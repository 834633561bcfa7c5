/** The SHA-256 of a file, as hexadecimal digits, while the page stays free. */

const asked = new Map();
let worker = null;
let last = 0;

/**
 * Hash a file. `progress` is told the bytes done. Throws an `AbortError` when the signal aborts, and
 * a `NotReadableError` or `NotFoundError` when the file changed or went away since it was chosen.
 */
export function digest(file, { signal, progress = () => {} } = {}) {
  worker ??= begin();
  const id = ++last;
  return new Promise((resolve, reject) => {
    asked.set(id, { resolve, reject, progress });
    signal?.addEventListener("abort", () => worker.postMessage({ id }), { once: true });
    worker.postMessage({ id, file });
  });
}

function begin() {
  const started = new Worker(new URL("./hash_worker.js", import.meta.url), { type: "module" });
  started.onmessage = ({ data: { id, done, sum, error } }) => {
    const { resolve, reject, progress } = asked.get(id) ?? {};
    if (done !== undefined) {
      progress?.(done);
      return;
    }
    asked.delete(id);
    if (error) reject?.(new DOMException("The file cannot be read.", error));
    else resolve?.(sum);
  };
  started.onerror = () => {
    for (const { reject } of asked.values()) reject(new Error("The part of the console that reads files could not be loaded."));
    asked.clear();
    worker = null;
  };
  return started;
}
