/** Which view an address shows. Addresses live behind the `#`, so any file server will do. */

/** The address now: `#/objects/42?tab=story` is `{name: "objects", id: "42", query}`. */
export function here() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name = "", ...rest] = path.split("/");
  return { name: name || "library", id: rest.map(plain).join("/") || null, query: new URLSearchParams(query) };
}

/** A part of an address as it was meant; one that somebody mistyped stays as it is. */
function plain(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a view. Empty values of the query are left out; lists are repeated. */
export function link(name, id = null, query = {}) {
  const asked = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== null && each !== undefined && each !== "") asked.append(key, each);
    }
  }
  const text = asked.toString();
  return `#/${name}${id === null ? "" : `/${encodeURIComponent(id)}`}${text ? `?${text}` : ""}`;
}

/** Go there. `replace` leaves no step to go back to: for filters that change as one types. */
export function go(address, { replace = false } = {}) {
  if (replace) {
    history.replaceState(null, "", address);
    dispatchEvent(new HashChangeEvent("hashchange"));
  } else {
    location.hash = address;
  }
}
