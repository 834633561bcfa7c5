/**
 * Files as people hand them over: dropped, pasted or chosen, folders with all that is in them. What
 * cannot be read keeps nothing else from being found: it is told last, as an error.
 */

import { count } from "../words.js";

const GROUP = 200;
const GROUP_MS = 200;
const MOST_TOLD = 3;

/** `{file, path, handle, root}` of everything dropped, as it is found. `root` is the handle of the folder it lay in. */
export async function* filesOf(dropped) {
  const lost = [];
  for (const { file, entry, handle } of dropped) {
    const root = (await handle) ?? null;
    if (root?.kind === "directory") yield* walkHandle(root, root.name, root, lost);
    else if (entry?.isDirectory) yield* walk(entry, lost);
    else if (file) yield { file, path: file.name, handle: root, root };
  }
  tell(lost);
}

/** The same of what an `<input type=file>` or a clipboard has. */
export const filesIn = (list) => [...list].map((file) => ({ file, path: file.webkitRelativePath || file.name, handle: null, root: null }));

/** What is found, some at a time: in a large folder the first need not wait for the last. */
export async function* grouped(found) {
  let some = [];
  let began = performance.now();
  let problem = null;
  try {
    for await (const each of found) {
      some.push(each);
      if (some.length < GROUP && performance.now() - began < GROUP_MS) continue;
      yield some;
      some = [];
      began = performance.now();
    }
  } catch (error) {
    problem = error;
  }
  if (some.length) yield some;
  if (problem) throw problem;
}

/** Where the browser lets us keep what is chosen, so that a reload need not ask again. */
export const canKeep = (what) => (what === "folder" ? "showDirectoryPicker" : "showOpenFilePicker") in window;

/** Let the person choose files, or a folder; call it from a click. Nothing when they think better of it. */
export function choose(what) {
  return chosen(what === "folder" ? showDirectoryPicker({ id: "mammothbox" }) : showOpenFilePicker({ id: "mammothbox", multiple: true }));
}

async function* chosen(asked) {
  const answer = await asked.catch((error) => {
    if (error.name === "AbortError") return [];
    throw error;
  });
  const lost = [];
  if (!Array.isArray(answer)) yield* walkHandle(answer, answer.name, answer, lost);
  else for (const handle of answer) yield* fileOf(handle, handle.name, handle, lost);
  tell(lost);
}

async function* walkHandle(folder, path, root, lost) {
  try {
    for await (const handle of folder.values()) {
      const inside = `${path}/${handle.name}`;
      if (handle.kind === "directory") yield* walkHandle(handle, inside, root, lost);
      else yield* fileOf(handle, inside, root, lost);
    }
  } catch {
    lost.push(path);
  }
}

async function* fileOf(handle, path, root, lost) {
  const file = await handle.getFile().catch(() => null);
  if (file) yield { file, path, handle, root };
  else lost.push(path);
}

async function* walk(entry, lost) {
  const path = entry.fullPath.replace(/^\//, "");
  try {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      yield { file, path, handle: null, root: null };
      return;
    }
    const reader = entry.createReader();
    // A reader hands out a hundred at a time, and nothing at the end.
    for (let some; (some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject))).length;) {
      for (const each of some) yield* walk(each, lost);
    }
  } catch {
    lost.push(path);
  }
}

function tell(lost) {
  if (!lost.length) return;
  const more = lost.length - MOST_TOLD;
  const told = `${lost.slice(0, MOST_TOLD).map((path) => `“${path}”`).join(", ")}${more > 0 ? ` and ${count(more)} more` : ""}`;
  throw new Error(`The browser could not read ${told}. All else is on the list; choose ${lost.length === 1 ? "it" : "these"} again when ${lost.length === 1 ? "it" : "they"} can be read.`);
}
