/** Putting something else in place of what was found. */

import { h } from "../dom.js";
import { ruleSays } from "./wording.js";

const TYPES = ["bigint", "numeric", "double precision", "boolean", "text", "timestamptz", "date", "uuid", "jsonb"];

const AGAIN = new Set(["failed", "rejected", "rolled_back"]);

/** A form of storage and columns. `send` gets what differs from the schema, and nothing else. */
export function overrideForm(schema, send, close) {
  const form = h("form", { class: "stack override", on: { submit } },
    h("fieldset", { class: "row" }, h("legend", {}, "Where the documents live"),
      choice("sql", "In a table", schema), choice("jsonb", "As JSONB", schema)),
    blockers(schema),
    schema.columns.length > 0 && h("fieldset", {}, h("legend", {}, "Columns"),
      h("ul", { class: "columns" }, schema.columns.map((column, at) => columnFields(column, at)))),
    h("p", { class: "small quiet" }, "The proposal is proved anew with every stored document; nothing comes into force before you approve it."),
    h("p", { class: "bad", role: "alert" }),
    h("div", { class: "row" }, h("button", { class: "main" }, "Prove it so"), h("button", { type: "button", on: { click: close } }, "Cancel")));
  return form;

  async function submit(event) {
    event.preventDefault();
    // What was said no to, or failed, may be proved again as it is.
    const asked = changed(schema, new FormData(form)) ?? (AGAIN.has(schema.status) ? {} : null);
    const say = form.querySelector('[role="alert"]');
    if (!asked) {
      say.textContent = "Nothing is different from the proposal.";
      return;
    }
    const button = form.querySelector("button.main");
    button.disabled = true;
    try {
      await send(asked);
    } catch (error) {
      if (error.name !== "AbortError") say.textContent = error.message;
    } finally {
      button.disabled = false;
    }
  }
}

function choice(value, label, schema) {
  return h("label", { class: "choice" },
    h("input", { type: "radio", name: "storage", value, checked: schema.storage_choice === value }), label);
}

/** Why it was not proposed as a table: whoever chooses one should know. */
function blockers(schema) {
  const failed = schema.rationale.filter((rule) => !rule.passed);
  return schema.storage_choice === "jsonb" && failed.length > 0
    && h("p", { class: "small quiet" }, `Against a table: ${failed.map((rule) => `“${ruleSays(rule)}” does not hold`).join("; ")}. Values that do not fit a column stay whole in “extra”.`);
}

function columnFields(column, at) {
  const set = (name, checked, label) => h("label", { class: "choice" }, h("input", { type: "checkbox", name: `${name}-${at}`, checked }), label);
  return h("li", {},
    h("code", {}, column.path),
    h("label", {}, "Name", h("input", { name: `name-${at}`, value: column.name, maxlength: 63, required: true, autocomplete: "off", spellcheck: "false" })),
    h("label", {}, "Type", h("select", { name: `type-${at}` }, TYPES.map((type) => h("option", { selected: type === column.type }, type)))),
    h("div", { class: "row" }, set("indexed", column.indexed, "Index"), set("required", column.required, "Required")));
}

/** What the form says that the schema does not; `null` when they say the same. */
function changed(schema, said) {
  const columns = {};
  schema.columns.forEach((column, at) => {
    const wanted = {
      name: said.get(`name-${at}`), type: said.get(`type-${at}`),
      indexed: said.has(`indexed-${at}`), required: said.has(`required-${at}`),
    };
    const differing = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => value !== column[name]));
    if (Object.keys(differing).length) columns[column.path] = differing;
  });
  const storage = said.get("storage") === schema.storage_choice ? {} : { storage: said.get("storage") };
  const asked = { ...storage, ...(Object.keys(columns).length ? { columns } : {}) };
  return Object.keys(asked).length ? asked : null;
}
