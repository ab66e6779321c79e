import { clone, slot } from "../lib/templates.js";

/** What stands above the entries of a room: that the room begins there, or a link to older ones. */
export class Beginning {
  #main;
  /** Whether nothing is older than what is known. */
  isWhole;

  /** @param {HTMLElement} main the room as the server has drawn it */
  constructor(main) {
    this.#main = main;
    this.isWhole = !main.querySelector("[data-older]");
  }

  /** Show it above the entries on the page; `atStart` says that they begin with the oldest that is known. */
  draw(atStart) {
    const begins = this.isWhole && atStart;
    const older = this.#main.querySelector("[data-older]");
    const beginning = this.#main.querySelector(".beginning");
    if (begins && older) older.replaceWith(beginningOf(this.#main.dataset.room));
    if (!begins && beginning) beginning.replaceWith(clone("older"));
  }
}

function beginningOf(room) {
  const element = clone("beginning");
  slot(element, "name").textContent = room;
  return element;
}
