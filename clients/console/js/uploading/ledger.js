/**
 * What this browser still has to upload, kept where a reload does not reach it. A browser that does
 * not let us keep anything uploads all the same, and a reload forgets it. Only what is of whoever is
 * signed in is kept here.
 */

import * as session from "../session.js";

const FLAG = "mammothbox.uploads";
const STORES = ["files", "batches"];
const TOGETHER = 250;

let opened = null;
let queue = [];
let isWriting = false;

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

/** Keep these files and batches; all are plain objects with an `id`. A batch goes with its files, or neither. */
export async function keep({ files = [], batches = [] }) {
  const owner = session.holder()?.owner;
  const ours = files.filter((each) => each.owner === owner);
  const theirs = batches.filter((each) => each.owner === owner);
  if (!ours.length && !theirs.length) return;
  localStorage.setItem(FLAG, "1");
  for (let at = TOGETHER; at < ours.length; at += TOGETHER) write((stores) => put(stores.files, ours.slice(at, at + TOGETHER)));
  await write((stores) => {
    put(stores.files, ours.slice(0, TOGETHER));
    put(stores.batches, theirs);
  });
}

function put(store, records) {
  for (const record of records) store.put(record);
}

/** Forget these ids. */
export async function forget({ files = [], batches = [] }) {
  if (!files.length && !batches.length) return;
  await write((stores) => {
    for (const id of files) stores.files.delete(id);
    for (const id of batches) stores.batches.delete(id);
    const left = stores.files.count();
    left.onsuccess = () => left.result || localStorage.removeItem(FLAG);
  });
}

/** Everything that is kept for this owner. What is of anybody else has no business here: it is forgotten. */
export async function kept(owner) {
  const found = { files: [], batches: [] };
  const strange = { files: [], batches: [] };
  await within("readonly", (stores) => {
    for (const name of STORES) {
      const asked = stores[name].getAll();
      asked.onsuccess = () => {
        for (const each of asked.result) (each.owner === owner ? found : strange)[name].push(each);
      };
    }
  });
  await forget({ files: strange.files.map((each) => each.id), batches: strange.batches.map((each) => each.id) });
  return found;
}

/** Forget all there is, whoever it is of. */
export async function empty() {
  await write((stores) => {
    for (const name of STORES) stores[name].clear();
  });
  localStorage.removeItem(FLAG);
}

/** Writes wait for the one under way and then go together: one at a time, thousands would hold up the page. */
function write(act) {
  return new Promise((done, failed) => {
    queue.push({ act, done, failed });
    if (!isWriting) writeAll();
  });
}

async function writeAll() {
  isWriting = true;
  while (queue.length) {
    const some = queue.splice(0, TOGETHER / 10);
    try {
      await within("readwrite", (stores) => { for (const { act } of some) act(stores); });
      for (const { done } of some) done();
    } catch (error) {
      for (const { failed } of some) failed(error);
    }
  }
  isWriting = false;
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
