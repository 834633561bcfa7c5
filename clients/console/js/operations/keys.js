/** API keys: which there are, a new one, and one less. */

import { get, post, remove } from "../api.js";
import { fill, h } from "../dom.js";
import { every } from "../live.js";
import { copyButton } from "../parts/code.js";
import { askFor, confirm, show as showDialog } from "../parts/dialog.js";
import { cards } from "../parts/table.js";
import { complain, toast } from "../parts/toast.js";
import { holder } from "../session.js";
import { ago, day, moment } from "../words.js";
import { onChange, redraw } from "../parts/redraw.js";

const ROLES = {
  viewer: "sees everything and changes nothing",
  uploader: "may upload, too",
  admin: "may do everything with this library",
  operator: "looks after the whole system",
};

export async function showKeys(place, { owner }, signal) {
  const list = h("div", {});
  const current = await get("/keys/current", {}, { signal });
  const look = onChange(() => get("/keys", { owner, limit: 200 }, { signal }), draw);
  await look();
  fill(place, h("div", { class: "stack" },
    h("div", { class: "row" }, h("button", { type: "button", class: "main", on: { click: make } }, "New key…"),
      h("p", { class: "small quiet" }, "Each program and each person gets a key of its own, so that one can be revoked without the others.")), list));
  void every(3000, look, signal);

  function draw(found) {
    redraw(list, cards("Keys", [
      { label: "Name", heads: true, cell: (key) => [key.name, key.key_id === current.key_id && h("span", { class: "small quiet" }, " — this one")] },
      { label: "Role", cell: (key) => key.role },
      { label: "State", cell: standing },
      { label: "Made", cell: (key) => day(key.created_at) },
      { label: "Last used", cell: (key) => (key.last_used_at ? h("time", { datetime: key.last_used_at, title: moment(key.last_used_at) }, ago(key.last_used_at)) : "never") },
      { label: "Expires", cell: (key) => (key.expires_at ? day(key.expires_at) : "never") },
      { label: "What you can do", acts: true, cell: (key) => !key.revoked_at && key.key_id !== current.key_id
        && h("button", { type: "button", class: "danger", dataset: { key: `revoke ${key.key_id}` }, "aria-label": `Revoke ${key.name}`, on: { click: () => revoke(key) } }, "Revoke…") },
    ], found.items));
  }

  async function make() {
    const roles = Object.entries(ROLES).filter(([role]) => role !== "operator" || holder().role === "operator");
    const said = await askFor("A new key", [
      h("label", {}, "What it is for", h("input", { name: "name", required: true, maxlength: 100, autocomplete: "off" })),
      h("label", {}, "Role", h("select", { name: "role" }, roles.map(([role, meaning]) => h("option", { value: role, selected: role === "uploader" }, `${role} — ${meaning}`)))),
      h("label", {}, "Expires after days (empty: never)", h("input", { name: "days", type: "number", min: 1, max: 3650, inputmode: "numeric" })),
    ], { answer: "Make it" });
    if (said === null) return;
    try {
      const made = await post(`/keys${owner ? `?owner=${encodeURIComponent(owner)}` : ""}`, { name: said.name, role: said.role, ...(said.days ? { expires_in_days: Number(said.days) } : {}) }, { signal });
      showDialog(`The key “${made.name}”`, h("div", { class: "stack" },
        h("p", { class: "notice warn" }, "Copy it now: it is shown this once, and nobody can read it again."),
        h("code", { class: "secret" }, made.key),
        h("div", {}, copyButton(() => made.key, "Copy the key"))), { stays: true });
      await look();
    } catch (error) {
      complain(error);
    }
  }

  async function revoke(key) {
    if (!(await confirm(`Revoke ${key.name}?`, "It opens nothing from now on. Whatever uses it has to get another key. This cannot be undone.", { answer: "Revoke", danger: true }))) return;
    try {
      await remove(`/keys/${key.key_id}`, { owner }, { signal });
      toast(`${key.name} is revoked.`);
      await look();
    } catch (error) {
      complain(error);
    }
  }
}

function standing(key) {
  if (key.revoked_at) return h("span", { class: "chip bad" }, `revoked ${day(key.revoked_at)}`);
  if (key.expires_at && new Date(key.expires_at) < new Date()) return h("span", { class: "chip warn" }, "expired");
  return h("span", { class: "chip good" }, "in force");
}
