/** Bytes on their way to S3: progress, so many requests at once, and patience. */

import { Problem } from "../api.js";
import { pause } from "../live.js";

export const AT_ONCE = 4;
const LONGEST_WAIT_MS = 20_000;
const TRIES = 6;
const SILENCE_MS = 60_000;
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

/**
 * Send a body and answer the headers as a function. `progress` is told the bytes that have gone. A
 * request of which nothing is heard for a minute is given up: on the way through a tunnel the browser
 * itself would hold on to it for a quarter of an hour.
 */
export async function send(method, url, body, { signal, progress = () => {} } = {}) {
  await turn(signal);
  try {
    return await new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      let silence = null;
      const giveUp = (error) => { request.abort(); reject(error); };
      const heard = () => {
        clearTimeout(silence);
        silence = setTimeout(() => giveUp(new Refused(0)), SILENCE_MS);
      };
      const stop = () => giveUp(new DOMException("Stopped.", "AbortError"));
      if (signal?.aborted) return stop();
      signal?.addEventListener("abort", stop, { once: true });
      request.upload.onprogress = (event) => { heard(); progress(event.loaded); };
      request.onerror = () => reject(new Refused(0));
      request.onloadend = () => {
        clearTimeout(silence);
        signal?.removeEventListener("abort", stop);
      };
      request.onload = () => {
        if (request.status >= 200 && request.status < 300) resolve((name) => request.getResponseHeader(name));
        else reject(new Refused(request.status, request.responseText));
      };
      request.open(method, url);
      request.send(body);
      heard();
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
 * Do it until it works. A server that does not answer, not to the end, or says that it cannot right
 * now, is waited for as long as it takes; other faults of the server's get a few tries; everything
 * else is thrown. `trouble` is told why there is a wait, and `null` when it is over. `act` gets a
 * signal, which ends a request that is not answered in a minute.
 */
export async function insist(act, { signal, trouble = () => {} }) {
  for (let tries = 1; ; tries += 1) {
    try {
      const answer = await inTime(act, signal);
      if (tries > 1) trouble(null);
      return answer;
    } catch (error) {
      signal?.throwIfAborted();
      if (!isPassing(error, tries)) throw error;
      trouble(reason(error));
      await backInSight(Math.min(500 * 2 ** tries, LONGEST_WAIT_MS) * (0.75 + Math.random() / 2), signal);
      signal?.throwIfAborted();
    }
  }
}

async function inTime(act, signal) {
  const over = new AbortController();
  const stop = () => over.abort();
  const timer = setTimeout(() => over.abort(new DOMException("No answer came.", "TimeoutError")), SILENCE_MS);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await act(over.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

/** Why there is a wait, for whoever looks at the file. */
function reason(error) {
  if (navigator.onLine === false) return "Waiting for the network…";
  if (!error.status) return "Waiting for the server…";
  return error instanceof Refused ? `The store is busy (${error.status}); trying again…` : error.message;
}

// The browser's own words for an answer that broke off, and for one that some gateway made up.
const isCutOff = (error) => error.name === "TimeoutError" || error instanceof TypeError || error instanceof SyntaxError;

function isPassing(error, tries) {
  if (isCutOff(error)) return true;
  if (!(error instanceof Problem || error instanceof Refused)) return false;
  if ([0, 429, 502, 503, 504].includes(error.status) || error.code === "RequestTimeout") return true;
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
