/** The public API, spoken by everything in the console. */

import * as session from "./session.js";

const BASE = "/api/v1";

/** What the server refused, as it said it; `code` is stable, `message` is for people. */
export class Problem extends Error {
  constructor(status, { code = "unreachable", detail = "The server does not answer.", errors = [], request_id = null } = {}) {
    // The detail tells the first of them already.
    const others = errors.filter((each) => !detail.includes(each.message));
    super([detail, ...others.map((each) => `${each.field} ${each.message}`)].join(" "));
    this.name = "Problem";
    this.status = status;
    this.code = code;
    this.errors = errors;
    this.requestId = request_id;
  }
}

/** Whether the same may be taken a little later: nobody answered to the end, or the server is ill or asks to wait. */
export const mayPass = (error) => !(error instanceof Problem) || error.status === 0 || error.status === 429 || error.status >= 500;

export const get = (path, query, options) => ask("GET", path, { query, ...options });
export const post = (path, body, options) => ask("POST", path, { body, ...options });
export const patch = (path, body, options) => ask("PATCH", path, { body, ...options });
export const remove = (path, query, options) => ask("DELETE", path, { query, ...options });

/**
 * One request. `query` values that are lists are repeated and empty ones left out; `body` is sent
 * as JSON, or as it is when it is a Blob or FormData. Answers the parsed JSON, or `null` for 204;
 * `read` reads an answer that has to be read otherwise, and with `keepalive` the request arrives
 * though the page goes.
 * Throws `Problem`; an `AbortError` passes through. A key that is not valid any more ends the session.
 */
export async function ask(method, path, { query, body, signal, headers = {}, key = session.key(), keepalive = false, read = (answer) => answer.json() } = {}) {
  const asJson = body !== undefined && !(body instanceof Blob || body instanceof FormData);
  let answer;
  try {
    answer = await fetch(address(path, query), {
      method,
      signal,
      keepalive,
      headers: {
        ...(key ? { Authorization: `Bearer ${key}` } : {}),
        ...(asJson ? { "Content-Type": "application/json" } : {}),
        ...headers,
      },
      body: asJson ? JSON.stringify(body) : body,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    dispatchEvent(new CustomEvent("mammothbox:unreachable"));
    throw new Problem(0);
  }
  if (answer.ok) return answer.status === 204 ? null : read(answer);
  const told = await answer.json().catch(() => ({}));
  if (answer.status === 401 && key === session.key()) {
    session.expire();
    location.hash = "#/login";
  }
  throw isMistyped(told) ? new Problem(404, { ...told, code: "not_found", detail: `There is no such ${nounOf(path)}: the address is mistyped, or a part of it is missing.`, errors: [] }) : new Problem(answer.status, told);
}

/** An id that is none leads nowhere, like one of something that is gone. */
const isMistyped = ({ errors }) => errors?.some(({ field }) => field?.startsWith("path.")) ?? false;

const NOUNS = { duplicates: "pair", searches: "saved search", ingest: "upload", admin: "thing" };

function nounOf(path) {
  const [, things] = path.split("/");
  return NOUNS[things] ?? things.replace(/s$/, "");
}

/** All items of a list, page after page, as they are asked for. */
export async function* items(path, query = {}, options) {
  let cursor;
  do {
    const page = await get(path, { ...query, cursor }, options);
    yield* page.items;
    cursor = page.next_cursor;
  } while (cursor);
}

export function address(path, query = {}) {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== null && each !== undefined && each !== "") asked.append(name, each);
    }
  }
  const text = asked.toString();
  return `${BASE}${path}${text ? `?${text}` : ""}`;
}
