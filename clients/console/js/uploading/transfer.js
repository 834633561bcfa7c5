/** Bytes on their way to S3: progress, at most four requests at once, and patience. */

import { Problem } from "../api.js";
import { pause } from "../live.js";

const AT_ONCE = 4;
const LONGEST_WAIT_MS = 20_000;
const TRIES = 6;
const waiting = [];
let running = 0;

/** What S3 refused. 403 means that the address has expired; 0 that nobody answered. */
export class Refused extends Error {
  constructor(status, text) {
    const told = /<Message>([^<]*)<\/Message>/.exec(text ?? "")?.[1];
    super(told ?? (status ? `The store refused the file (${status}).` : "The store does not answer."));
    this.name = "Refused";
    this.status = status;
    this.code = /<Code>([^<]*)<\/Code>/.exec(text ?? "")?.[1] ?? null;
  }
}

/** Send a body and answer the headers as a function. `progress` is told the bytes that have gone. */
export async function send(method, url, body, { signal, progress = () => {} } = {}) {
  await turn(signal);
  try {
    return await new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const stop = () => { request.abort(); reject(new DOMException("Stopped.", "AbortError")); };
      if (signal?.aborted) return stop();
      signal?.addEventListener("abort", stop, { once: true });
      request.upload.onprogress = (event) => progress(event.loaded);
      request.onerror = () => reject(new Refused(0));
      request.onload = () => {
        signal?.removeEventListener("abort", stop);
        if (request.status >= 200 && request.status < 300) resolve((name) => request.getResponseHeader(name));
        else reject(new Refused(request.status, request.responseText));
      };
      request.open(method, url);
      request.send(body);
    });
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

async function turn(signal) {
  while (running >= AT_ONCE) await new Promise((go) => waiting.push(go));
  running += 1;
  if (signal?.aborted) {
    running -= 1;
    waiting.shift()?.();
    throw new DOMException("Stopped.", "AbortError");
  }
}

/**
 * Do it until it works. A server that does not answer, or says that it cannot right now, is waited
 * for as long as it takes; other faults of the server's get a few tries; everything else is thrown.
 * `trouble` is told why there is a wait, and `null` when it is over.
 */
export async function insist(act, { signal, trouble = () => {} }) {
  for (let tries = 1; ; tries += 1) {
    try {
      const answer = await act();
      if (tries > 1) trouble(null);
      return answer;
    } catch (error) {
      signal?.throwIfAborted();
      if (!isPassing(error, tries)) throw error;
      trouble(error.status ? error.message : "Waiting for the server…");
      await backInSight(Math.min(500 * 2 ** tries, LONGEST_WAIT_MS) * (0.75 + Math.random() / 2), signal);
      signal?.throwIfAborted();
    }
  }
}

function isPassing(error, tries) {
  if (!(error instanceof Problem || error instanceof Refused)) return false;
  if ([0, 429, 502, 503, 504].includes(error.status)) return true;
  return (error.status >= 500 || error.status === 408) && tries < TRIES;
}

/** Wait, but no longer than until the server is known to answer again. */
async function backInSight(milliseconds, signal) {
  const over = new AbortController();
  const stop = () => over.abort();
  signal?.addEventListener("abort", stop, { once: true });
  addEventListener("mammothbox:reachable", stop, { once: true });
  addEventListener("online", stop, { once: true });
  await pause(milliseconds, over.signal);
  signal?.removeEventListener("abort", stop);
  removeEventListener("mammothbox:reachable", stop);
  removeEventListener("online", stop);
}
