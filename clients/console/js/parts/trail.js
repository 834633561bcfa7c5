/** The list that an object was opened from, so that one can go on to the next and back to it. */

const KEPT = "mammothbox.trail";
const NEAR = 60;
let trail = null;

/**
 * From here on, `address` is where one came from. `id(index)` answers the id of what is there in the
 * list, or `null` beyond its ends; what lies near is kept for when the page is loaded again.
 */
export async function follow({ address, index, id }) {
  trail = { address, index, id };
  const near = [];
  const first = Math.max(0, index - NEAR);
  for (let at = first; at <= index + NEAR; at += 1) {
    const found = await id(at).catch(() => null);
    if (trail?.id !== id) return;
    if (found === null && at > index) break;
    near.push(found);
  }
  sessionStorage.setItem(KEPT, JSON.stringify({ address, first, near, index }));
}

/** What is before and behind an object in that list: `{address, previous, next}`, or `null`. */
export async function around(id) {
  trail ??= kept();
  if (!trail) return null;
  for (const index of [trail.index, trail.index + 1, trail.index - 1]) {
    if (index < 0 || (await trail.id(index)) !== id) continue;
    trail.index = index;
    const [previous, next] = await Promise.all([index ? trail.id(index - 1) : null, trail.id(index + 1)]);
    return { address: trail.address, previous, next };
  }
  return { address: trail.address, previous: null, next: null };
}

function kept() {
  const told = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  return told && { address: told.address, index: told.index, id: async (index) => told.near[index - told.first] ?? null };
}
