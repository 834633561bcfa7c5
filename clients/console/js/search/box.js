/** The search box: a combobox that suggests, and takes a picture as well as words. */

import { fill, h, svg } from "../dom.js";
import { isComposing } from "../parts/composing.js";
import { pictureIn } from "./example.js";
import { suggestions, vocabulary } from "./suggest.js";

/**
 * `on.ask(text)` is called for what is to be searched, `on.saved(id)` for a saved search that is
 * chosen, `on.picture(file)` for an example, which may be dropped on `area`. Answers `{element, set, complain, example, input}`.
 */
export function searchBox({ area, on, saved, signal }) {
  const list = h("ul", { id: "suggestions", role: "listbox", "aria-label": "Suggestions", hidden: true });
  const input = h("input", {
    id: "query", type: "search", role: "combobox", autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: "1000", enterkeyhint: "search",
    "aria-label": "Search the library", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "suggestions", "aria-describedby": "query-said",
    placeholder: "What does it show, or say? Try “red car after:2024”",
  });
  const file = h("input", { type: "file", accept: "image/*", class: "unseen", tabindex: "-1", "aria-hidden": "true" });
  const chosen = h("div", { class: "example", hidden: true });
  const said = h("p", { id: "query-said", class: "said bad small", role: "alert" });
  const form = h("form", { class: "search-box", role: "search", "aria-label": "Search by words or by a picture" },
    h("div", { class: "line" },
      h("div", { class: "field" }, chosen, h("div", { class: "typing" }, input, list)),
      h("button", { type: "button", class: "by-picture", "aria-label": "Search by a picture", title: "Search by a picture: choose, paste or drop one", on: { click: () => file.click() } }, camera()),
      h("button", { type: "submit", class: "main" }, "Search")),
    file, said);
  let words = { tag: [], cluster: [], collection: [] };
  let options = [];
  let at = -1;
  let isAsked = false;
  // Nothing could be offered for what stands there: that may change once the words are known.
  let isAwaited = false;

  async function learn() {
    if (isAsked) return;
    isAsked = true;
    words = await vocabulary(signal);
    // Who is choosing already keeps what is offered.
    if ((isAwaited || !list.hidden) && at < 0) offer();
  }

  function offer() {
    options = suggestions(input.value, input.selectionStart ?? input.value.length, words, saved());
    at = -1;
    if (!options.length) {
      close();
      isAwaited = true;
      return;
    }
    fill(list, options.map((each, number) => [
      each.group !== options[number - 1]?.group && h("li", { class: "group small quiet", role: "presentation" }, each.group),
      h("li", {
        id: `suggestion-${number}`, role: "option", "aria-selected": "false",
        on: { pointerdown: (event) => event.preventDefault(), click: () => choose(number) },
      }, h("span", {}, each.shown ?? each.text), each.note && h("span", { class: "small quiet" }, each.note)),
    ]));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    input.removeAttribute("aria-activedescendant");
  }

  function close() {
    isAwaited = false;
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function point(number) {
    at = number < options.length ? number : -1;
    list.querySelectorAll("[role=option]").forEach((each, index) => {
      each.setAttribute("aria-selected", String(index === at));
      if (index === at) each.scrollIntoView({ block: "nearest" });
    });
    if (at < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", `suggestion-${at}`);
  }

  function choose(number) {
    const each = options[number];
    if (each.saved) {
      close();
      on.saved(each.saved);
      return;
    }
    input.value = each.text;
    input.focus();
    if (each.whole) {
      close();
      on.ask(input.value.trim());
    } else {
      const colon = each.open ? each.text.indexOf(each.shown) + each.shown.length : each.text.length;
      input.setSelectionRange(colon, colon);
      offer();
    }
  }

  const keys = {
    ArrowDown: () => (list.hidden ? offer() : point(at + 1)),
    ArrowUp: () => (list.hidden ? offer() : point(at < 0 ? options.length - 1 : at - 1)),
    Tab: () => close(),
  };
  input.addEventListener("keydown", (event) => {
    if (isComposing(event)) return;
    if (event.key === "Escape") {
      event.preventDefault();
      if (list.hidden) input.value = "";
      close();
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      choose(at);
    } else if (keys[event.key]) {
      if (event.key !== "Tab") event.preventDefault();
      keys[event.key]();
    }
  });
  input.addEventListener("input", () => { complain(null); learn(); offer(); });
  input.addEventListener("focus", learn);
  input.addEventListener("click", () => list.hidden && offer());
  input.addEventListener("blur", close);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    close();
    on.ask(input.value.trim());
  });
  file.addEventListener("change", () => {
    if (file.files[0]) on.picture(file.files[0]);
    file.value = "";
  });
  takePictures(area, form, on.picture, complain, signal);

  /** Say what is wrong with the query, and put the caret where it is. */
  function complain(text) {
    input.setAttribute("aria-invalid", String(text !== null));
    fill(said, text ?? "");
    const place = text?.match(/at character (\d+)/);
    if (!place) return;
    const begin = Number(place[1]) - 1;
    input.focus();
    input.setSelectionRange(begin, begin + (input.value.slice(begin).match(/^\S*/)[0].length || 1));
  }

  /** What the search is like, beside the words: an element that shows it, or nothing. */
  function example(shown, clear) {
    chosen.hidden = !shown;
    fill(chosen, shown, shown && h("button", { type: "button", class: "plain", "aria-label": "Search without this example", on: { click: clear } }, "✕"));
  }

  return { element: form, input, example, complain, set: (text) => { input.value = text; close(); } };
}

/** Pictures that are dropped on `area`, or pasted, are examples; the shell uploads what falls elsewhere. */
function takePictures(area, form, take, refuse, signal) {
  area.dataset.drop = "";
  let depth = 0;
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  const drag = (by) => (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = Math.max(0, depth + by);
    form.classList.toggle("dropping", depth > 0);
  };
  area.addEventListener("dragenter", drag(1), { signal });
  area.addEventListener("dragleave", drag(-1), { signal });
  area.addEventListener("dragover", drag(0), { signal });
  area.addEventListener("drop", (event) => {
    depth = 0;
    form.classList.remove("dropping");
    if (!hasFiles(event)) return;
    event.preventDefault();
    const found = pictureIn(event.dataTransfer);
    if (found) take(found);
    else refuse("Only a picture can be searched by. Files are taken on every other page.");
  }, { signal });
  document.addEventListener("paste", (event) => {
    const found = pictureIn(event.clipboardData);
    if (!found) return;
    event.preventDefault();
    take(found);
  }, { signal });
}

function camera() {
  return svg("svg", { viewBox: "0 0 24 24", width: 22, height: 22, fill: "none", stroke: "currentColor", "stroke-width": "1.8", "stroke-linejoin": "round", "aria-hidden": "true" },
    ["M4 7h4l2-2h4l2 2h4v12H4z", "M12 9.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z"].map((d) => svg("path", { d })));
}
