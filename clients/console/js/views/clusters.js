/** Clusters: the board of directories, and one of them. */

import { board } from "../clusters/board.js";
import { directory } from "../clusters/directory.js";

export const title = "Clusters";
export const styles = ["clusters.css", "picture.css"];

export async function show(place, route, signal) {
  await (route.id ? directory(place, route.id, signal) : board(place, signal));
}
