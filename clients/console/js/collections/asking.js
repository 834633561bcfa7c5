/** Collections as the API has them. */

import { get } from "../api.js";
import { parse } from "../parts/exact.js";
import { count } from "../words.js";

/** What stands for a collection in addresses: its name, or its id where browsers would make another address of it. */
export function handle(collection) {
  const isPlain = collection.name.split("/").every((part) => part && !/^\.+$/.test(part));
  return isPlain ? collection.name : collection.id;
}

export const path = (name) => `/collections/${encodeURIComponent(name)}`;

/** Reads an answer without losing a digit. */
export const exactly = async (answer) => parse(await answer.text());

/**
 * A page of documents: `{items: [{documentId, systemId, doc, tooLarge}], cursor}`, where `doc` is as
 * `parts/exact.js` reads it. `filters` are `[field, operator, text]`.
 */
export async function documents(collection, { filters, sort, cursor, limit = 50 }, signal) {
  const asked = new URLSearchParams({ limit });
  for (const [field, operator, text] of filters) asked.append(`filter[${field}][${operator}]`, text);
  if (sort) asked.set("sort", sort);
  if (cursor) asked.set("cursor", cursor);
  const page = await get(`${path(collection.id)}/documents?${asked}`, {}, { signal, read: exactly });
  return { items: page.get("items").map(oneOf), cursor: page.get("next_cursor") };
}

export async function oneDocument(collection, documentId, signal) {
  return oneOf(await get(`${path(collection.id)}/documents/${documentId}`, {}, { signal, read: exactly }));
}

const oneOf = (item) => ({
  documentId: item.get("document_id"), systemId: item.get("system_id"), doc: item.get("doc"),
  tooLarge: item.get("too_large_bytes") ? Number(item.get("too_large_bytes").text) : null,
});

/** The keys that a field's name stands for: `a`, `a.b`, or `/a.b/c`. */
function keysOf(field) {
  if (!field.startsWith("/")) return field.split(".");
  return field.slice(1).split("/").map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The value at a field, or `undefined` where there is none. */
export function valueAt(doc, field) {
  let value = doc;
  for (const key of keysOf(field)) {
    if (!(value instanceof Map) || !value.has(key)) return undefined;
    value = value.get(key);
  }
  return value;
}

export const OPERATORS = [
  ["eq", "is"], ["ne", "is not"], ["lt", "less than"], ["lte", "at most"], ["gt", "more than"], ["gte", "at least"],
  ["in", "is one of (a,b,c)"], ["like", "is like (% and _)"], ["exists", "is there (true or false)"],
];

export const operatorSays = (operator) => OPERATORS.find(([name]) => name === operator)?.[1].replace(/ \(.*/, "") ?? operator;

export const CONTRACTS = {
  evolve: "New fields and wider types become the next version of the schema.",
  freeze: "A document that does not fit is refused, and its file says so.",
  discard_value: "What does not fit is left out of the document; the original file keeps it.",
  discard_row: "A document that does not fit is left out, as expected.",
};

export const documentsSay = (number) => `${count(number)} ${number === 1 ? "document" : "documents"}`;
