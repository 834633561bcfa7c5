/** Statements as people read them: coloured, compared line by line, and ready to be copied. */

import { h } from "../dom.js";
import { complain, toast } from "./toast.js";

const WORDS = "CREATE TABLE INDEX UNIQUE ALTER ADD DROP COLUMN TYPE SET NOT NULL DEFAULT PRIMARY KEY REFERENCES FOREIGN"
  + " CONSTRAINT CHECK COMMENT ON IS USING WHERE IF EXISTS COLLATE ONLY SELECT FROM AND OR UPDATE INSERT INTO VALUES AS CASE WHEN THEN ELSE END";
const TYPES = "bigint numeric double precision boolean text timestamptz date uuid jsonb integer";
const PIECES = new RegExp([
  "(?<comment>--[^\\n]*)",
  "(?<string>'(?:[^']|'')*')",
  '(?<name>"(?:[^"]|"")*")',
  `(?<word>\\b(?:${WORDS.split(" ").join("|")})\\b)`,
  `(?<type>\\b(?:${TYPES.split(" ").join("|")})\\b)`,
  "(?<number>\\b\\d+(?:\\.\\d+)?\\b)",
].join("|"), "g");
const MOST_COMPARED = 4_000_000;

/** SQL with its words told apart, in a box that scrolls by keyboard too. */
export function sql(text, label = "Statements") {
  return h("pre", { class: "code", tabindex: "0", role: "region", "aria-label": label }, h("code", {}, coloured(text)));
}

function coloured(text) {
  const shown = [];
  let behind = 0;
  for (const found of text.matchAll(PIECES)) {
    const [kind] = Object.entries(found.groups).find(([, piece]) => piece !== undefined);
    shown.push(text.slice(behind, found.index), h("span", { class: `sql-${kind}` }, found[0]));
    behind = found.index + found[0].length;
  }
  shown.push(text.slice(behind));
  return shown;
}

/** A button that puts `text()` into the clipboard and says so. */
export function copyButton(text, label = "Copy") {
  return h("button", { type: "button", on: { click: async () => {
    try {
      await navigator.clipboard.writeText(text());
      toast("Copied.");
    } catch {
      complain(new Error("This browser does not let the page copy: select the text and copy it by hand."));
    }
  } } }, label);
}

/** Two texts as one: lines that went, that came, and that stayed. */
export function diff(before, after, label = "Differences") {
  const lines = compared(before.trimEnd().split("\n"), after.trimEnd().split("\n"));
  return h("pre", { class: "code diff", tabindex: "0", role: "region", "aria-label": label }, h("code", {},
    lines.map(({ sign, text }) => h(sign === "+" ? "ins" : sign === "-" ? "del" : "span", {}, `${sign} ${text}\n`))));
}

/** The lines of both in order, each with `+`, `-` or a space. */
export function compared(before, after) {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  return [
    ...same(before.slice(0, head)),
    ...changed(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...same(before.slice(before.length - tail)),
  ];
}

const same = (lines) => lines.map((text) => ({ sign: " ", text }));

function changed(before, after) {
  const went = (text) => ({ sign: "-", text });
  const came = (text) => ({ sign: "+", text });
  if (before.length * after.length > MOST_COMPARED) return [...before.map(went), ...after.map(came)];
  const common = lengths(before, after);
  const lines = [];
  let b = 0;
  let a = 0;
  while (b < before.length && a < after.length) {
    if (before[b] === after[a]) {
      lines.push({ sign: " ", text: before[b] });
      b += 1;
      a += 1;
    } else if (common[b + 1][a] >= common[b][a + 1]) {
      lines.push(went(before[b++]));
    } else {
      lines.push(came(after[a++]));
    }
  }
  return [...lines, ...before.slice(b).map(went), ...after.slice(a).map(came)];
}

/** How many lines both have in common from each pair of places on. */
function lengths(before, after) {
  const common = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  for (let b = before.length - 1; b >= 0; b -= 1) {
    for (let a = after.length - 1; a >= 0; a -= 1) {
      common[b][a] = before[b] === after[a] ? common[b + 1][a + 1] + 1 : Math.max(common[b + 1][a], common[b][a + 1]);
    }
  }
  return common;
}
