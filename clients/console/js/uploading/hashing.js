/** The SHA-256 of a file, as hexadecimal digits, while the page stays free. */

/** So many files are hashed at a time, each by a worker of its own; one core is left to the page. */
export const AT_ONCE = Math.max(1, Math.min(4, (navigator.hardwareConcurrency || 2) - 1));

const asked = new Map();
const workers = [];
let last = 0;

/**
 * Hash a file. `progress` is told the bytes done. Throws an `AbortError` when the signal aborts, and
 * a `NotReadableError` or `NotFoundError` when the file changed or went away since it was chosen.
 */
export function digest(file, { signal, progress = () => {} } = {}) {
  const worker = leastBusy();
  const id = ++last;
  return new Promise((resolve, reject) => {
    asked.set(id, { resolve, reject, progress, worker });
    const stop = () => asked.has(id) && worker.postMessage({ id });
    signal?.addEventListener("abort", stop, { once: true });
    worker.postMessage({ id, file });
  });
}

function leastBusy() {
  const busy = [...asked.values()].map((each) => each.worker);
  const idle = workers.find((worker) => !busy.includes(worker));
  if (idle) return idle;
  if (workers.length === AT_ONCE) return workers[last % AT_ONCE];
  const another = begin();
  workers.push(another);
  return another;
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
    workers.splice(workers.indexOf(started), 1);
    for (const [id, each] of asked) {
      if (each.worker !== started) continue;
      asked.delete(id);
      each.reject(new Error("The part of the console that reads files could not be loaded. Try again."));
    }
  };
  return started;
}
