/** Files as people hand them over: dropped, pasted or chosen, folders with all that is in them. */

const GROUP = 200;
const GROUP_MS = 200;

/** `{file, path, handle, root}` of everything dropped, as it is found. `root` is the handle of the folder it lay in. */
export async function* filesOf(dropped) {
  for (const { file, entry, handle } of dropped) {
    const root = (await handle) ?? null;
    if (root?.kind === "directory") yield* walkHandle(root, root.name, root);
    else if (entry?.isDirectory) yield* walk(entry);
    else if (file) yield { file, path: file.name, handle: root, root };
  }
}

/** The same of what an `<input type=file>` or a clipboard has. */
export const filesIn = (list) => [...list].map((file) => ({ file, path: file.webkitRelativePath || file.name, handle: null, root: null }));

/** What is found, some at a time: in a large folder the first need not wait for the last. */
export async function* grouped(found) {
  let some = [];
  let began = performance.now();
  for await (const each of found) {
    some.push(each);
    if (some.length < GROUP && performance.now() - began < GROUP_MS) continue;
    yield some;
    some = [];
    began = performance.now();
  }
  if (some.length) yield some;
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
  if (!Array.isArray(answer)) yield* walkHandle(answer, answer.name, answer);
  else for (const handle of answer) yield { file: await handle.getFile(), path: handle.name, handle, root: handle };
}

async function* walkHandle(folder, path, root) {
  for await (const handle of folder.values()) {
    const inside = `${path}/${handle.name}`;
    if (handle.kind === "directory") yield* walkHandle(handle, inside, root);
    else yield { file: await handle.getFile(), path: inside, handle, root };
  }
}

async function* walk(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    yield { file, path: entry.fullPath.replace(/^\//, ""), handle: null, root: null };
    return;
  }
  const reader = entry.createReader();
  // A reader hands out a hundred at a time, and nothing at the end.
  for (let some; (some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject))).length;) {
    for (const each of some) yield* walk(each);
  }
}
