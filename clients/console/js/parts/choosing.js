/** What is chosen of a grid: one tile, all between two of them, or a whole section. */

const AT_ONCE = 6;

/**
 * `itemAt(index)` is what is known there, `pageOf(index)` the page it is on and `itemsOf(page)` what
 * that has, loaded if need be; `tell()` is called when the selection changed. Answers
 * `{selection, wholly, one, reach, section, clear}`.
 */
export function choosing({ element, mayChoose, itemAt, pageOf, itemsOf, tell, signal }) {
  const selection = new Set();
  let anchor = null;
  let cleared = 0;
  let underWay = 0;

  function wholly(section) {
    if (section.count > selection.size) return false;
    for (let index = section.first; index < section.first + section.count; index += 1) {
      if (!selection.has(itemAt(index)?.id)) return false;
    }
    return true;
  }

  /**
   * Choose all between two tiles, or let all go; what was never seen is loaded. Who chose nothing or
   * went on to another list meanwhile does not get this one's ids any more: they would be acted on unseen.
   */
  async function range(low, high, yes = true) {
    const before = cleared;
    setBusy(1);
    const ids = await idsOf(partsOf(low, high)).finally(() => setBusy(-1));
    if (signal.aborted || before !== cleared) return;
    for (const id of ids) if (yes) selection.add(id); else selection.delete(id);
    tell();
  }

  function partsOf(low, high) {
    const parts = [];
    for (let index = low; index <= high;) {
      const page = pageOf(index);
      const end = Math.min(high + 1, page.end);
      parts.push({ page, begin: index - page.first, end: end - page.first });
      index = end;
    }
    return parts;
  }

  async function idsOf(parts) {
    const ids = [];
    const before = cleared;
    const take = async () => {
      for (let part = parts.shift(); part && before === cleared; part = parts.shift()) {
        const items = await itemsOf(part.page);
        ids.push(...items.slice(part.begin, part.end).map(({ id }) => id));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, take));
    return ids;
  }

  function setBusy(by) {
    underWay += by;
    if (underWay) element.setAttribute("aria-busy", "true");
    else element.removeAttribute("aria-busy");
  }

  function one(index, isRange) {
    const item = itemAt(index);
    if (!item || !mayChoose) return;
    if (isRange && anchor !== null) { range(Math.min(anchor, index), Math.max(anchor, index)); return; }
    if (!selection.delete(item.id)) selection.add(item.id);
    anchor = index;
    tell();
  }

  /** On from a tile, or from where the last one was chosen, to another one. */
  function reach(from, to) {
    anchor ??= from;
    if (mayChoose) range(Math.min(anchor, to), Math.max(anchor, to));
  }

  function clear() {
    cleared += 1;
    anchor = null;
    if (!selection.size) return;
    selection.clear();
    tell();
  }

  return { selection, wholly, one, reach, clear, section: (all) => range(all.first, all.first + all.count - 1, !wholly(all)) };
}
