/** Every collection of JSON documents, by name. */

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { every } from "../live.js";
import { empty } from "../parts/states.js";
import { cards } from "../parts/table.js";
import { complain } from "../parts/toast.js";
import { link } from "../router.js";
import { count, day } from "../words.js";
import { handle } from "./asking.js";

const EACH = 100;

export async function showList(place, signal) {
  const list = h("div", { class: "stack" });
  fill(place, h("div", { class: "head" }, h("h1", {}, "Collections")), list);
  let pages = [await get("/collections", { limit: EACH }, { signal })];
  let last = "";
  draw();
  void every(5000, async () => {
    const page = await get("/collections", { limit: EACH }, { signal });
    // Further pages stay as they were asked for, unless the first now ends elsewhere.
    pages = page.next_cursor === pages[0].next_cursor ? [page, ...pages.slice(1)] : [page];
    draw();
  }, signal);

  function draw() {
    const shown = pages.flatMap((page) => page.items);
    if (JSON.stringify(shown) === last) return;
    last = JSON.stringify(shown);
    if (!shown.length) {
      fill(list, empty("No collections yet", h("p", {}, "Send JSON: files, lines, or a request. Documents of one kind come together here."),
        h("a", { class: "button", href: link("upload") }, "Upload")));
      return;
    }
    fill(list, cards("Collections", [
      { label: "Name", heads: true, cell: (one) => [h("a", { href: link("collections", handle(one)) }, one.name),
        one.origin === "structure" && h("span", { class: "small quiet" }, " — opened by itself")] },
      { label: "Documents", number: true, cell: (one) => count(one.documents) },
      { label: "Kept as", cell: (one) => h("span", { class: "chip" }, one.storage === "sql" ? "table" : "JSONB") },
      { label: "Schema", cell: schemaLink },
      { label: "Contract", cell: (one) => one.contract.replace("_", " ") },
      { label: "Since", cell: (one) => day(one.created_at) },
    ], shown), pages.at(-1).next_cursor && h("div", {}, h("button", { type: "button", on: { click: further } }, "Show more")));
  }

  async function further(event) {
    event.target.disabled = true;
    try {
      pages.push(await get("/collections", { limit: EACH, cursor: pages.at(-1).next_cursor }, { signal }));
      draw();
    } catch (error) {
      event.target.disabled = false;
      complain(error);
    }
  }
}

export function schemaLink(collection) {
  if (collection.waiting_schema) return h("a", { href: link("schemas", collection.waiting_schema) }, "A proposal waits");
  if (collection.active_schema) return h("a", { href: link("schemas", collection.active_schema) }, "In force");
  return h("span", { class: "quiet" }, "no schema yet");
}
