/** Clusters: the board of them, and one. */

import { board } from "../clusters/board.js";
import { cluster } from "../clusters/cluster.js";

export const title = "Clusters";
export const styles = ["clusters.css", "picture.css"];

export async function show(place, route, signal) {
  await (route.id ? cluster(place, route.id, signal) : board(place, signal));
}
