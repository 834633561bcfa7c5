/** The shell: who is signed in, the navigation, and one view at a time. */

import { get } from "./api.js";
import { fill, h, svg } from "./dom.js";
import * as drop from "./drop.js";
import * as keys from "./keys.js";
import { failed, missing, waiting } from "./parts/states.js";
import { complain } from "./parts/toast.js";
import * as reach from "./reach.js";
import { ROOMS, VIEWS } from "./rooms.js";
import { go, here, link } from "./router.js";
import * as session from "./session.js";

const content = document.getElementById("content");
const rooms = document.querySelector(".rooms");
const ask = document.querySelector(".ask");
const account = document.querySelector(".account");
const underWay = document.querySelector(".under-way");
const styles = new Set();

let leave = null;
let shownName = null;
let turn = 0;

/** Styles that only some views need are loaded with the first of them. */
function style(file) {
  if (styles.has(file)) return null;
  styles.add(file);
  return new Promise((done) => {
    const sheet = h("link", { rel: "stylesheet", href: `style/${file}`, on: { load: done, error: done } });
    document.head.append(sheet);
  });
}

/**
 * Show what the address says. A view is a module with `title`, `styles` (files, if it has any) and
 * `show(place, route, signal)`, which fills `place`; the signal aborts when the view is left.
 * A view that exports `update(route)` is asked first when only its query changed, and answers
 * `true` when it took care of that itself.
 */
async function display() {
  const route = here();
  if (!session.key() && route.name !== "login") {
    session.interrupt();
    go("#/login", { replace: true });
    return;
  }
  surround(route);
  closeQuestions();
  if (leave && shownName === `${route.name}/${route.id}` && leave.view.update?.(route)) return;
  const isFirst = leave === null;
  leave?.controller.abort();
  shownName = null;
  const mine = (turn += 1);
  const controller = new AbortController();
  const place = h("div", { class: `view ${route.name}` });
  // Who has gone on to another view meanwhile is not kept waiting for this one.
  const slow = setTimeout(() => mine === turn && fill(content, waiting()), 200);
  try {
    const room = ROOMS.find((each) => each.name === route.name);
    const view = room && !session.may(room.role) ? closed(room) : await module(route.name);
    await Promise.all((view.styles ?? []).map(style));
    // The address may have changed again while the view was loading.
    if (mine !== turn) return;
    leave = { controller, view };
    shownName = `${route.name}/${route.id}`;
    document.title = `${view.title} · MammothBox`;
    clearTimeout(slow);
    fill(content, place);
    scrollTo(0, 0);
    const shown = view.show(place, route, controller.signal);
    if (!isFirst) arrive(place);
    await shown;
    if (!isFirst && !controller.signal.aborted) arrive(place);
  } catch (error) {
    if (error.name === "AbortError" || controller.signal.aborted || mine !== turn) return;
    // What failed to be shown is in the page no more: another query is to show it from the beginning.
    shownName = null;
    fill(content, failed(error, display));
  } finally {
    clearTimeout(slow);
  }
  if (session.key() && session.may("uploader") && (route.name === "upload" || localStorage.getItem("mammothbox.uploads"))) uploads();
}

/**
 * The module of a view. A browser that cannot fetch it says so in its own words, so the server is
 * asked whether it is there: if not, that is what is told, and the view comes when it is back.
 */
async function module(name) {
  if (!Object.hasOwn(VIEWS, name)) return nowhere;
  try {
    return await VIEWS[name]();
  } catch (error) {
    await get("/health/live");
    throw error;
  }
}

/** Keyboard and screen reader go on at the heading, unless they are somewhere already: the rooms, drawn anew, have let go of them. */
function arrive(place) {
  const heading = place.querySelector("h1");
  const isAtWork = document.activeElement && document.activeElement !== document.body;
  if (!heading || isAtWork) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

/** What is shown for an address that no view goes by. */
const nowhere = { title: "Nothing is here", show: (place) => fill(place, missing("There is no such page: the address is mistyped, or a part of it is missing.")) };

/** What is shown in place of a room that needs another key. */
function closed(room) {
  const show = (place) => fill(place, h("div", { class: "head" }, h("h1", {}, room.label)),
    h("p", { class: "notice warn" }, `Your key has the role “${session.holder()?.role}”; this needs “${room.role}” or more.`));
  return { title: room.label, show };
}

function surround(route) {
  const signedIn = session.key() !== null;
  rooms.hidden = ask.hidden = !signedIn;
  if (!signedIn) {
    fill(account, themeButton());
    return;
  }
  fill(rooms, ROOMS.filter((room) => session.may(room.role)).map((room) => {
    const current = room.name === route.name || (room.name === "library" && route.name === "objects");
    return h("a", { href: link(room.name), "aria-current": current ? "page" : null },
      icon(...room.icon),
      h("span", {}, room.label));
  }));
  const current = rooms.querySelector("[aria-current]");
  if (current) rooms.scrollLeft = current.offsetLeft - (rooms.clientWidth - current.clientWidth) / 2;
  const { owner, role } = session.holder();
  fill(account, themeButton(),
    h("span", { class: "quiet small who", title: `You are ${role} of ${owner}` }, owner),
    h("button", { type: "button", class: "plain leave", title: "Sign out", on: { click: signOut } },
      icon("M10 4H5v16h5", "M9 12h11m0 0-4-4m4 4-4 4"), h("span", {}, "Sign out")));
}

const icon = (...paths) => svg("svg", {
  viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": "1.8", "stroke-linejoin": "round", "stroke-linecap": "round", "aria-hidden": "true",
}, paths.map((d) => svg("path", { d })));

/** Nothing of whoever leaves stays in this browser: not what is not uploaded yet, either. */
async function signOut() {
  const hasUploads = localStorage.getItem("mammothbox.uploads") !== null;
  const leaving = hasUploads ? await import("./uploading/leaving.js") : null;
  if (leaving && !(await leaving.isMeant())) return;
  session.end();
  go("#/login");
  await leaving?.forget();
}

/** A question is about what is left: it counts as thought better of, and is not answered beside something else. */
function closeQuestions(which = "dialog:not(.stays)") {
  for (const dialog of document.querySelectorAll(which)) dialog.close();
}

/** What is around the view forgets whoever was signed in as well. */
function clean() {
  closeQuestions("dialog");
  document.getElementById("toasts").replaceChildren();
  ask.reset();
  fill(underWay);
  fill(content);
}

/** Uploads go on wherever the person goes, so what does them is loaded once and is of no view. */
async function uploads() {
  const [uploader, indicator] = await Promise.all([import("./uploading/uploader.js"), import("./uploading/indicator.js")]);
  indicator.show(underWay);
  await uploader.start();
  return uploader;
}

async function receive(dropped) {
  go(link("upload"));
  const [uploader, { filesOf }] = await Promise.all([uploads(), import("./uploading/picking.js")]);
  uploader.add(filesOf(dropped)).catch(complain);
}

function themeButton() {
  const root = document.documentElement;
  return h("button", {
    type: "button", class: "plain", "aria-label": "Switch between light and dark",
    on: { click: () => {
      const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      localStorage.setItem("mammothbox.theme", (root.dataset.theme = dark ? "light" : "dark"));
    } },
  }, "◐");
}

ask.addEventListener("submit", (event) => {
  event.preventDefault();
  go(link("search", null, { q: ask.elements.q.value.trim() }));
});
// On a phone not all rooms fit in; the browser leaves one at the edge where it is.
rooms.addEventListener("focusin", (event) => event.target.scrollIntoView({ block: "nearest", inline: "nearest" }));
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  content.focus();
});

addEventListener("hashchange", display);
addEventListener("mammothbox:signed-out", clean);
keys.watch(ask.elements.q);
reach.watch();
session.watch();
drop.watch(() => session.key() !== null && session.may("uploader"), receive);
await display();
