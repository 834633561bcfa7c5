/** A refused document as it stands in its file, to be corrected and sent by itself. */

import { get, post, Problem } from "../api.js";
import { h } from "../dom.js";
import { askAndSend, show } from "../parts/dialog.js";
import { may } from "../session.js";
import { count } from "../words.js";

const MOST_BYTES = 65_536;
const PLAIN = /json|^text\//;

/** Ask for the document as it should be. Answers the id of what was sent, or `null`. */
export async function correct(collection, refusal, signal) {
  const file = await get(`/objects/${refusal.system_id}`, {}, { signal });
  const text = PLAIN.test(file.content_type ?? "") ? await textAt(file, refusal.position, signal) : null;
  const why = h("p", {}, refusal.detail);
  if (text === null || !may("uploader")) {
    show("A refused document", h("div", { class: "stack" }, why, text === null
      ? h("p", { class: "notice" }, `It begins at byte ${count(refusal.position)} of the unpacked file, and is too long or too packed to be shown here. Correct it where it came from and send it by itself.`)
      : h("pre", { class: "code", tabindex: "0" }, text)), { wide: true });
    return null;
  }
  const sent = await askAndSend("Correct the document", ({ text: written = text }) => [
    why, h("label", {}, "The document as it should be", areaOf(written)),
    h("p", { class: "small quiet" }, `It is sent to ${collection.name} as a file of its own. The file it came in stays as it is.`),
  ], (said) => {
    // A line break within JSON stands between its words only, and a document is a line here.
    const line = new Blob([said.text.trim().replaceAll(/\s*\n\s*/g, " ")], { type: "application/x-ndjson" });
    return post(`/ingest?collection=${encodeURIComponent(collection.name)}`, line, { signal });
  }, { answer: "Send", signal });
  return sent && sent.system_ids[0];
}

function areaOf(text) {
  const area = h("textarea", { name: "text", rows: 12, required: true, spellcheck: "false", class: "mono correction" }, text);
  area.addEventListener("input", () => area.setCustomValidity(problemOf(area.value)));
  area.setCustomValidity(problemOf(text));
  return area;
}

function problemOf(text) {
  try {
    JSON.parse(text);
    return "";
  } catch (error) {
    return error.message;
  }
}

/** The document that begins there, or `null` when it is too long to be shown. */
async function textAt(file, position, signal) {
  let answer;
  try {
    answer = await fetch(file.uri, { headers: { Range: `bytes=${position}-${position + MOST_BYTES - 1}` }, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { detail: "The file cannot be read just now." });
  }
  if (!answer.ok) throw new Problem(answer.status, { code: "unreadable", detail: "The file cannot be read just now." });
  const bytes = (await answer.arrayBuffer()).slice(answer.status === 206 ? 0 : position);
  return firstDocument(new TextDecoder().decode(bytes), bytes.byteLength < MOST_BYTES);
}

/** Up to where its brackets close, or the line where they never do; `null` when neither ends here. */
function firstDocument(text, isAll) {
  const line = text.indexOf("\n");
  // Where the next line begins as this one does, each is a document, however broken.
  if (line >= 0 && text[line + 1] === text[0]) return text.slice(0, line);
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (inString) {
      if (sign === "\\") at += 1;
      else if (sign === '"') inString = false;
    } else if (sign === '"') inString = true;
    else if (sign === "{" || sign === "[") depth += 1;
    else if ((sign === "}" || sign === "]") && --depth <= 0) return text.slice(0, at + (depth === 0 ? 1 : 0));
    else if (sign === "\n" && depth === 0) return text.slice(0, at);
  }
  if (line >= 0) return text.slice(0, line);
  return isAll ? text : null;
}
