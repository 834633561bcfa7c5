/** Files as people hand them over: dropped, pasted or chosen, folders with all that is in them. */

/** `{file, path, handle, root}` of everything dropped. `root` is the handle of the folder it lay in. */
export async function filesOf(dropped) {
  const found = [];
  for (const { file, entry, handle } of dropped) {
    const root = (await handle) ?? null;
    if (root?.kind === "directory") await walkHandle(root, root.name, root, found);
    else if (entry?.isDirectory) await walk(entry, found);
    else if (file) found.push({ file, path: file.name, handle: root, root });
  }
  return found;
}

/** The same of what an `<input type=file>` or a clipboard has. */
export const filesIn = (list) => [...list].map((file) => ({ file, path: file.webkitRelativePath || file.name, handle: null, root: null }));

/** Where the browser lets us keep what is chosen, so that a reload need not ask again. */
export const canKeep = () => "showOpenFilePicker" in window;

/** Let the person choose files, or a folder. Nothing when they think better of it. */
export async function choose(what) {
  try {
    if (what === "folder") {
      const root = await showDirectoryPicker({ id: "mammothbox" });
      const found = [];
      await walkHandle(root, root.name, root, found);
      return found;
    }
    const handles = await showOpenFilePicker({ id: "mammothbox", multiple: true });
    return await Promise.all(handles.map(async (handle) => ({ file: await handle.getFile(), path: handle.name, handle, root: handle })));
  } catch (error) {
    if (error.name === "AbortError") return [];
    throw error;
  }
}

async function walkHandle(folder, path, root, found) {
  for await (const handle of folder.values()) {
    const inside = `${path}/${handle.name}`;
    if (handle.kind === "directory") await walkHandle(handle, inside, root, found);
    else found.push({ file: await handle.getFile(), path: inside, handle, root });
  }
}

async function walk(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push({ file, path: entry.fullPath.replace(/^\//, ""), handle: null, root: null });
    return;
  }
  const reader = entry.createReader();
  // A reader hands out a hundred at a time, and nothing at the end.
  for (let some; (some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject))).length;) {
    for (const each of some) await walk(each, found);
  }
}
