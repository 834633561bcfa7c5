/** Where one was in the library, for when one comes back from an object. */

const KEPT = "mammothbox.place";
const kept = () => JSON.parse(sessionStorage.getItem(KEPT) ?? "null");

/** `at` is a place as a grid tells it, `index` what was opened there. */
export function leave(at, index) {
  sessionStorage.setItem(KEPT, JSON.stringify({ address: location.hash, at, index }));
}

/** One went on to another by so many in the list that `address` shows: that is where one is then. */
export function goOn(address, by) {
  const place = kept();
  if (place?.address === address) sessionStorage.setItem(KEPT, JSON.stringify({ ...place, index: place.index + by }));
}

/** Where one was, once, if the address is that of then; else `null`. */
export function back() {
  const place = kept();
  if (!place || (place.address || "#/library") !== (location.hash || "#/library")) return null;
  sessionStorage.removeItem(KEPT);
  return place;
}
