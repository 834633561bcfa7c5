/** Making elements. Text is only ever set as text, so nothing that was uploaded is taken for markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element with properties and children.
 *
 * `class`, `dataset`, `style` (an object) and `on` (event → handler) are understood; a property that
 * is `null`, `undefined` or `false` is left out; all else becomes an attribute. Children may be
 * elements, texts, numbers, lists of those, or nothing.
 */
export function h(name, properties = {}, ...children) {
  return built(document.createElement(name), properties, children);
}

/** The same for drawings. */
export function svg(name, properties = {}, ...children) {
  return built(document.createElementNS(SVG, name), properties, children);
}

/** Replace all that is in `parent`. */
export function fill(parent, ...children) {
  parent.replaceChildren(...wanted(children));
  return parent;
}

function built(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    } else if (name === "dataset") {
      Object.assign(element.dataset, value);
    } else if (name === "style") {
      for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    } else {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...wanted(children));
  return element;
}

function wanted(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}
