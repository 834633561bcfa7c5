/** SHA-256 of files, away from the page, piece by piece: a file need not fit into memory. */

import { sha256 } from "../../vendor/noble-hashes/sha2.js";

const PIECE = 4 * 1024 * 1024;
const given_up = new Set();

onmessage = async ({ data: { id, file } }) => {
  if (!file) {
    given_up.add(id);
    return;
  }
  try {
    const digest = sha256.create();
    for (let at = 0; at < file.size && !given_up.has(id); at += PIECE) {
      digest.update(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()));
      // That the last piece is done is told with the sum.
      if (at + PIECE < file.size) postMessage({ id, done: at + PIECE });
    }
    const sum = [...digest.digest()].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    postMessage(given_up.delete(id) ? { id, error: "AbortError" } : { id, sum });
  } catch (error) {
    postMessage({ id, error: error.name });
  }
};
