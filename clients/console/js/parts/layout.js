/** Where everything in a grid is. Tiles are square, so that nothing moves when a picture comes. */

export const HEADING = 48;
const GAP = 6;
const NARROW = 600;

/** `sections` are `{key, label, count}`; a section without a label has no heading. */
export function arrange(sections, wide) {
  const columns = Math.max(3, Math.floor((wide + GAP) / ((wide < NARROW ? 118 : 168) + GAP)));
  const tile = Math.floor((wide - GAP * (columns - 1)) / columns);
  let y = 0;
  let first = 0;
  const placed = sections.map((section) => {
    const head = section.label ? HEADING : 0;
    const rows = Math.ceil(section.count / columns);
    const at = { ...section, y, head, rows, first };
    y += head + rows * (tile + GAP);
    first += section.count;
    return at;
  });
  return { sections: placed, columns, tile, step: tile + GAP, height: y, total: first };
}

/** The section at that height, and the one that holds that index. */
export const sectionAt = (layout, y) => layout.sections[last(layout.sections, (each) => each.y <= y)];
export const sectionOf = (layout, index) => layout.sections[last(layout.sections, (each) => each.first <= index)];

/** The indices of a section's rows between two heights: the first, and the first that is below. */
export function span(layout, section, from, to) {
  const top = section.y + section.head;
  const begin = Math.max(0, Math.floor((from - top) / layout.step));
  const end = Math.max(begin, Math.min(section.rows, Math.ceil((to - top) / layout.step)));
  return [section.first + begin * layout.columns, section.first + Math.min(section.count, end * layout.columns)];
}

/** The tile with that index: its section, which of it, and where. */
export function spot(layout, index) {
  const section = sectionOf(layout, index);
  const within = index - section.first;
  const row = Math.floor(within / layout.columns);
  return { section, within, x: (within % layout.columns) * layout.step, y: section.y + section.head + row * layout.step };
}

function last(list, fits) {
  let low = 0;
  let high = list.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (fits(list[middle])) low = middle;
    else high = middle - 1;
  }
  return low;
}
