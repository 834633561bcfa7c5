/** A picture to search by: made small before it is sent, and kept so that "back" finds it again. */

const LONGEST = 1024;
const KEY = "mammothbox.example.";
const kept = new Map();

/** Make a dropped, pasted or chosen picture small. Answers its name; throws what to say. */
export async function keep(file) {
  const small = await shrunk(file);
  const name = Math.random().toString(36).slice(2, 10);
  kept.set(name, small);
  try {
    for (const old of Object.keys(sessionStorage).filter((each) => each.startsWith(KEY))) sessionStorage.removeItem(old);
    sessionStorage.setItem(KEY + name, await asText(small));
  } catch {
    // Too large to be kept over a reload.
  }
  return name;
}

/** The picture of that name, or `null` when it is forgotten. */
export async function find(name) {
  if (kept.has(name)) return kept.get(name);
  const text = sessionStorage.getItem(KEY + name);
  if (!text) return null;
  const [head, body] = text.split(",");
  const bytes = Uint8Array.from(atob(body), (sign) => sign.charCodeAt(0));
  kept.set(name, new Blob([bytes], { type: head.match(/data:([^;]+)/)[1] }));
  return kept.get(name);
}

/** The first picture among what was dropped or pasted. */
export const pictureIn = (transfer) => [...(transfer?.files ?? [])].find((file) => file.type.startsWith("image/")) ?? null;

async function shrunk(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error(`This browser cannot read ${file.name || "this picture"}. Try a JPEG, PNG or WebP.`);
  }
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.88));
}

function asText(blob) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(blob);
  });
}
