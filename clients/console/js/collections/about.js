/** The fields of a collection, and what becomes of documents that do not fit. */

import { patch } from "../api.js";
import { h } from "../dom.js";
import { share } from "../parts/chart.js";
import { cards } from "../parts/table.js";
import { complain, toast } from "../parts/toast.js";
import { may } from "../session.js";
import { count, percent } from "../words.js";
import { CONTRACTS, path } from "./asking.js";

export function fieldReport(collection) {
  return h("div", { class: "stack" },
    collection.fields_stale && h("p", { class: "notice warn" }, "Documents were taken away since the fields were counted; they are counted anew soon."),
    collection.more_fields && h("p", { class: "notice warn" }, "The documents have more fields than are told apart."),
    cards("Fields", [
      { label: "Field", heads: true, cell: (one) => h("code", {}, one.field) },
      { label: "In", cell: (one) => share(one.presence, `${percent(one.presence)} · ${count(one.present)}`) },
      { label: "Types", cell: (one) => h("span", { class: "row" }, Object.entries(one.types).map(([type, times]) => h("span", { class: "chip" }, `${type} ${count(times)}`))) },
      { label: "Different", number: true, cell: (one) => `about ${count(one.distinct)}` },
      { label: "Format", cell: (one) => one.formats.join(", ") },
    ], collection.fields));
}

/** `changed` gets the collection as it is then. */
export function contractForm(collection, changed, signal) {
  const isAdmin = may("admin");
  const form = h("form", { class: "stack card", on: { submit } },
    h("fieldset", { disabled: !isAdmin }, h("legend", {}, "What becomes of documents that do not fit the schema in force"),
      Object.entries(CONTRACTS).map(([contract, meaning]) => h("label", { class: "choice contract" },
        h("input", { type: "radio", name: "contract", value: contract, checked: contract === collection.contract }),
        h("span", {}, h("strong", {}, contract.replace("_", " ")), h("span", { class: "quiet" }, ` — ${meaning}`))))),
    isAdmin && h("div", {}, h("button", { class: "main" }, "Save the contract")));
  return form;

  async function submit(event) {
    event.preventDefault();
    try {
      const contract = new FormData(form).get("contract");
      changed(await patch(path(collection.id), { contract }, { signal }));
      toast(`The contract is “${contract.replace("_", " ")}” from now on.`);
    } catch (error) {
      complain(error);
    }
  }
}
