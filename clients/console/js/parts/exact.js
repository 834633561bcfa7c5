/**
 * JSON read without losing anything: numbers keep their digits (2^53 and beyond, 1.10), objects keep
 * the order of their keys and any key there may be.
 *
 * `parse(text)` answers strings, booleans, `null`, arrays, `Map`s for objects, and `Digits` for
 * numbers; `written(value, indent)` is the way back. Both throw nothing for what a server sends.
 */

/** A number as it was written. */
export class Digits {
  constructor(text) {
    this.text = text;
    Object.freeze(this);
  }

  toString() {
    return this.text;
  }
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;
const LITERALS = [["true", true], ["false", false], ["null", null]];

/** The value of a JSON text. Throws `SyntaxError` where it is none. */
export function parse(text) {
  const reader = { text, at: 0 };
  const value = valueAt(reader);
  if (skip(reader) < text.length) throw new SyntaxError(`Unexpected text at ${reader.at}`);
  return value;
}

function valueAt(reader) {
  const sign = reader.text[skip(reader)];
  if (sign === "{") return objectAt(reader);
  if (sign === "[") return arrayAt(reader);
  if (sign === '"') return JSON.parse(piece(reader, STRING));
  for (const [word, value] of LITERALS) {
    if (reader.text.startsWith(word, reader.at)) {
      reader.at += word.length;
      return value;
    }
  }
  return new Digits(piece(reader, NUMBER));
}

function objectAt(reader) {
  const found = new Map();
  each(reader, "}", () => {
    skip(reader);
    const key = JSON.parse(piece(reader, STRING));
    expect(reader, ":");
    found.set(key, valueAt(reader));
  });
  return found;
}

function arrayAt(reader) {
  const found = [];
  each(reader, "]", () => found.push(valueAt(reader)));
  return found;
}

function each(reader, end, read) {
  reader.at += 1;
  if (reader.text[skip(reader)] === end) {
    reader.at += 1;
    return;
  }
  do read(); while (reader.text[skip(reader)] === "," && (reader.at += 1));
  expect(reader, end);
}

function expect(reader, sign) {
  if (reader.text[skip(reader)] !== sign) throw new SyntaxError(`Expected ${sign} at ${reader.at}`);
  reader.at += 1;
}

function skip(reader) {
  SPACE.lastIndex = reader.at;
  SPACE.test(reader.text);
  reader.at = SPACE.lastIndex;
  return reader.at;
}

function piece(reader, pattern) {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.text);
  if (!found) throw new SyntaxError(`Unexpected text at ${reader.at}`);
  reader.at = pattern.lastIndex;
  return found[0];
}

/** The value as JSON; with `indent`, one member to a line. */
export function written(value, indent = 0, depth = 0) {
  if (value instanceof Digits) return value.text;
  const isMap = value instanceof Map;
  if (!isMap && !Array.isArray(value)) return JSON.stringify(value);
  const [open, close] = isMap ? "{}" : "[]";
  const members = isMap
    ? [...value].map(([key, one]) => `${JSON.stringify(key)}:${indent ? " " : ""}${written(one, indent, depth + 1)}`)
    : value.map((one) => written(one, indent, depth + 1));
  if (!members.length) return open + close;
  if (!indent) return open + members.join(",") + close;
  const line = (levels) => `\n${" ".repeat(indent * levels)}`;
  return open + line(depth + 1) + members.join(`,${line(depth + 1)}`) + line(depth) + close;
}
