import { short } from "../lib/storage.js";
import { slot } from "../lib/templates.js";

const SAID_FOR = 8000;
const LABELS = { outside: "not joined", connecting: "connecting…" };

/** What a room says of its connection, beside its name and above the composer. */
export class Status {
  #main;

  /** @param {HTMLElement} main the room as the server has drawn it */
  constructor(main) {
    this.#main = main;
  }

  /** Show the status of the connection, or why it is of no use here: "outside", "left" or "removed". */
  show(status) {
    const element = this.#main.querySelector("[data-status]");
    element.dataset.status = status;
    slot(element, "label").textContent = LABELS[status] ?? status;
    this.#main.querySelector("[data-offline]").hidden = status !== "offline";
    this.#main.querySelector("[data-short]").hidden = !short.is;
  }

  /** Say something for a while. */
  say(words) {
    const element = this.#main.querySelector("[data-caught-up]");
    element.textContent = words;
    setTimeout(() => element.textContent === words && element.replaceChildren(), SAID_FOR);
  }
}
