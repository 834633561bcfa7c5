/** Schemas: what is proposed for collections of JSON, and what people say to it. */

import { showList } from "../schemas/list.js";
import { showOne } from "../schemas/detail.js";

export const title = "Schemas";
export const styles = ["figures.css", "schemas.css"];

export async function show(place, route, signal) {
  await (route.id ? showOne(place, route.id, signal) : showList(place, route, signal));
}
