/** The coasts of the world, from `vendor/world-atlas`: rings of longitude and latitude. */

const HALF_WAY = 180;
const POLE = 90;
let loaded = null;

/** Loaded once, when a map is first drawn. */
export function land() {
  loaded ??= fetch("vendor/world-atlas/land-110m.json").then((answer) => answer.json()).then(rings);
  return loaded;
}

/** TopoJSON keeps each arc as steps on a grid, and a ring as a list of arcs, `~n` for backwards. */
function rings({ objects, arcs, transform: { scale, translate } }) {
  const lines = arcs.map((steps) => {
    let x = 0;
    let y = 0;
    return steps.map(([dx, dy]) => [(x += dx) * scale[0] + translate[0], (y += dy) * scale[1] + translate[1]]);
  });
  const along = (number) => (number < 0 ? lines[~number].toReversed() : lines[number]);
  return objects.land.geometries
    .flatMap((shape) => (shape.type === "Polygon" ? [shape.arcs] : shape.arcs))
    .flat()
    .map((ring) => unrolled(ring.flatMap((number, at) => along(number).slice(at ? 1 : 0))));
}

/**
 * Rings that cross the date line go on beyond 180 degrees, and are drawn on both sides of the map. The
 * one around the pole, which comes back a whole turn further on, is closed along the edge.
 */
function unrolled(ring) {
  let turns = 0;
  let before = ring[0][0];
  const points = ring.map(([longitude, latitude]) => {
    if (longitude - before > HALF_WAY) turns -= 1;
    if (before - longitude > HALF_WAY) turns += 1;
    before = longitude;
    return [longitude + turns * 2 * HALF_WAY, latitude];
  });
  if (turns) points.push([points.at(-1)[0], -POLE], [points[0][0], -POLE]);
  return points;
}
