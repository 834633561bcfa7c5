/** For operators: embedding spaces, how full they are, and the change from one to the next. */

import { get, post, remove } from "../api.js";
import { fill, h } from "../dom.js";
import { every } from "../live.js";
import { confirm } from "../parts/dialog.js";
import { state } from "../parts/states.js";
import { complain, toast } from "../parts/toast.js";
import { ago, count, percent } from "../words.js";
import { onChange, redraw } from "../parts/redraw.js";

export async function showSpaces(place, _scope, signal) {
  const list = h("ul", { class: "plain-list stack" });
  const look = onChange(() => get("/admin/spaces", {}, { signal }), (found) => redraw(list, found.items.map(card)));
  await look();
  fill(place, h("div", { class: "stack" }, h("p", { class: "quiet" }, "A space is a model with its weights. Everything is searched in the active one; fill another before you switch to it."), list));
  void every(3000, look, signal);

  function card(space) {
    const { done, waiting, failed, missing } = space.fill;
    const all = done + waiting + failed + missing;
    const isWalking = space.walk && !space.walk.ended_at;
    const button = (label, act, look) => h("button", { type: "button", class: look, dataset: { key: `${label} ${space.name}` }, "aria-label": `${label.replace("…", "")} ${space.name}`, on: { click: act } }, label);
    return h("li", { class: "card stack" },
      h("div", { class: "row" }, h("h2", {}, space.name), state(space.state), h("span", { class: "quiet small" }, `${space.model}, ${count(space.dimension)} numbers`)),
      h("div", { class: "stack tight" },
        h("progress", { max: Math.max(1, all), value: done, "aria-label": `How full ${space.name} is` }),
        h("p", { class: "small", role: "status" }, `${percent(all ? done / all : 1)} full: ${count(done)} of ${count(all)} embedded`,
          waiting > 0 && `, ${count(waiting)} waiting`, failed > 0 && h("span", { class: "bad" }, `, ${count(failed)} failed`), missing > 0 && `, ${count(missing)} never asked for`, ".")),
      space.walk && h("p", { class: "small quiet" }, `${space.walk.aim === "fill" ? "Filling" : "Calling off"} ${isWalking ? `since ${ago(space.walk.begun_at)}` : `ended ${ago(space.walk.ended_at)}`}, ${count(space.walk.looked_at)} objects looked at.`),
      h("p", { class: "small quiet" }, space.calibrated_on ? `Tags were calibrated on ${space.calibrated_on}.` : "Its tag thresholds are guesses: it was not calibrated."),
      h("div", { class: "row" },
        space.state !== "active" && button("Activate…", () => activate(space, waiting + failed + missing), "main"),
        missing + failed > 0 && !isWalking && button("Fill", () => act(() => post(`/admin/spaces/${space.name}/fill`, undefined, { signal }), "Filling begins.")),
        space.state === "filling" && button("Call off", () => act(() => remove(`/admin/spaces/${space.name}/fill`, {}, { signal }), "It is called off."), "danger")));
  }

  async function activate(space, lacking) {
    const text = lacking
      ? `${count(lacking)} objects have no vector in this space: they are not found by what they show until they have one. Fill it first, or go on all the same.`
      : "Search, tags and clusters go by this space from now on. You can switch back.";
    if (!(await confirm(`Switch to ${space.name}?`, text, { answer: lacking ? "Switch all the same" : "Switch", danger: lacking > 0 }))) return;
    await act(() => post(`/admin/spaces/${space.name}/activate${lacking ? "?incomplete=true" : ""}`, undefined, { signal }), `${space.name} is in use now.`);
  }

  async function act(doIt, done) {
    try {
      await doIt();
      toast(done);
      await look();
    } catch (error) {
      complain(error);
    }
  }
}
