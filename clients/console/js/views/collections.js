/** Collections: JSON documents as a table, and how they change. */

import { showList } from "../collections/list.js";
import { showOne } from "../collections/detail.js";

export const title = "Collections";
export const styles = ["figures.css", "schemas.css", "jsontree.css", "collections.css"];

let again = null;

export async function show(place, route, signal) {
  again = null;
  if (route.id) again = await showOne(place, route, signal);
  else await showList(place, signal);
}

export const update = (route) => again?.(route) ?? false;
