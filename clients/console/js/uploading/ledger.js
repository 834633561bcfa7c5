/**
 * What this browser still has to upload, kept where a reload does not reach it. A browser that does
 * not let us keep anything uploads all the same, and a reload forgets it.
 */

const FLAG = "mammothbox.uploads";
const STORES = ["files", "batches"];

let opened = null;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open("mammothbox", 1);
    asked.onupgradeneeded = () => {
      for (const name of STORES) asked.result.createObjectStore(name, { keyPath: "id" });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

/** Keep these files and batches, or none of them; all are plain objects with an `id`. */
export async function keep({ files = [], batches = [] }) {
  if (!files.length && !batches.length) return;
  localStorage.setItem(FLAG, "1");
  await within("readwrite", (stores) => {
    for (const file of files) stores.files.put(file);
    for (const batch of batches) stores.batches.put(batch);
  });
}

/** Forget these ids. */
export async function forget({ files = [], batches = [] }) {
  if (!files.length && !batches.length) return;
  await within("readwrite", (stores) => {
    for (const id of files) stores.files.delete(id);
    for (const id of batches) stores.batches.delete(id);
    const left = stores.files.count();
    left.onsuccess = () => left.result || localStorage.removeItem(FLAG);
  });
}

/** Everything that is kept for this owner. */
export async function kept(owner) {
  const found = { files: [], batches: [] };
  await within("readonly", (stores) => {
    for (const name of STORES) {
      const asked = stores[name].getAll();
      asked.onsuccess = () => { found[name] = asked.result.filter((each) => each.owner === owner); };
    }
  });
  return found;
}

async function within(mode, act) {
  const database = await open().catch(() => null);
  if (!database) return;
  const transaction = database.transaction(STORES, mode);
  await new Promise((over) => {
    transaction.oncomplete = transaction.onabort = over;
    act({ files: transaction.objectStore("files"), batches: transaction.objectStore("batches") });
  });
}
