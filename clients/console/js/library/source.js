/** What the library shows: a timeline that is open anywhere at once, or a list that is walked. */

import { get } from "../api.js";
import { PAGE } from "../parts/grid.js";

const COUNTED = ["kind", "tags", "camera", "cluster", "collection", "from", "to", "has_place", "rating", "duplicates", "bbox"];
const LISTED = ["kind", "tags", "cluster", "collection", "from", "to", "duplicates", "bbox"];
const MONTH = new Intl.DateTimeFormat(navigator.language || "en", { month: "long", year: "numeric" });

/** The filters of an address that count for it, and those that do not. */
export const ignored = (query) => (query.has("state") ? COUNTED.filter((name) => !LISTED.includes(name) && query.has(name)) : []);

/** What the address narrows to, as a source for a grid. */
export async function sourceOf(query, signal) {
  return query.has("state") ? listOf(query) : timelineOf(query, signal);
}

/** The filters of an address as the timeline, the map and the search take them. */
export function asked(query) {
  return Object.fromEntries(COUNTED.filter((name) => query.has(name)).map((name) => [name, query.getAll(name)]));
}

const monthOf = (at) => MONTH.format(new Date(Number(at.slice(0, 4)), Number(at.slice(5, 7)) - 1, 1));

async function timelineOf(query, signal) {
  const narrowed = asked(query);
  const sections = [];
  let cursor;
  do {
    const page = await get("/timeline", { ...narrowed, limit: 400, cursor }, { signal });
    for (const { at, count } of page.items) sections.push({ key: at, label: monthOf(at), count });
    cursor = page.next_cursor;
  } while (cursor);
  return {
    sections,
    load: async (at, skip, stop) =>
      (await get("/timeline/objects", { ...narrowed, at, skip, limit: PAGE }, { signal: stop })).items,
  };
}

/**
 * What is in a state that the timeline does not show, such as in the trash. Nobody counts these
 * ahead: the list is longer by a page of empty places as long as there is more.
 */
async function listOf(query) {
  const state = query.get("state");
  const narrowed = {
    ...(state === "trash" ? { trashed: true } : { status: state }),
    kind: query.get("kind"), tag: query.get("tags"), cluster: query.get("cluster"), collection: query.get("collection"),
    from: instant(query.get("from")), to: instant(query.get("to")), duplicates: query.get("duplicates"), bbox: query.get("bbox"),
  };
  const pages = [];
  const section = { key: "all", label: "", count: 0 };
  const source = { sections: [], grows: true, load };

  async function load(_, from, stop) {
    const wanted = from / PAGE;
    if (pages[wanted]?.isNew) return taken(pages[wanted]);
    // One that was shown before is read anew: things come and go, and addresses of pictures grow old.
    for (let at = Math.min(wanted, pages.length); at <= wanted && (at === 0 || pages[at - 1].next); at += 1) {
      const page = await get("/objects", { ...narrowed, limit: PAGE, cursor: pages[at - 1]?.next }, { signal: stop });
      pages[at] = { items: page.items.map((item) => ({ ...item, id: item.system_id })), next: page.next_cursor, isNew: true };
      if (!page.next_cursor) pages.length = at + 1;
    }
    section.count = pages.reduce((sum, each) => sum + each.items.length, 0) + (pages.at(-1).next ? PAGE : 0);
    return pages[wanted] ? taken(pages[wanted]) : [];
  }

  function taken(page) {
    page.isNew = false;
    return page.items;
  }

  await load("all", 0);
  if (pages.length) pages[0].isNew = true;
  if (section.count) source.sections.push(section);
  source.uncounted = pages[0].next !== null;
  return source;
}

const instant = (text) => (text ? `${text.length === 4 ? `${text}-01` : text}${text.length <= 7 ? "-01" : ""}T00:00:00Z`.replace(/(T.*)T00:00:00Z$/, "$1Z") : null);

/** The id of what is at an index of a source, wherever that is; `null` beyond its ends. */
export function idAt(source) {
  const pages = new Map();
  return async (index) => {
    let within = index;
    for (const { key, count } of source.sections) {
      if (within < count) {
        const from = Math.floor(within / PAGE) * PAGE;
        const name = `${key}/${from}`;
        if (!pages.has(name)) pages.set(name, source.load(key, from));
        return (await pages.get(name))[within - from]?.id ?? null;
      }
      within -= count;
    }
    return null;
  };
}
