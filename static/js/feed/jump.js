import { slot } from "../lib/templates.js";

/** The button that says how much is new below what is in view. It leads to the first of it, then to the end. */
export class Jump {
  #button;
  #count = 0;
  #first = 0;
  #drawn = 0;

  /** @param {HTMLButtonElement} button @param {(first: number) => void} go called with the `seq` to go to, or 0 for the end */
  constructor(button, go) {
    this.#button = button;
    button.addEventListener("click", () => {
      const first = this.#first;
      this.#first = 0;
      go(first);
    });
  }

  /** Note `many` new entries, from `seq` on. */
  count(many, seq = 0) {
    this.#count += many;
    this.#first ||= seq;
  }

  /** Note that the reader is at the first of them. */
  arrived() {
    this.#first = 0;
  }

  /** Note that everything was seen. */
  clear() {
    this.#count = this.#first = 0;
  }

  /** Show it, unless the reader is at the bottom. */
  draw(atBottom) {
    this.#button.hidden = atBottom;
    if (atBottom || this.#drawn === this.#count) return;
    this.#drawn = this.#count;
    this.#button.toggleAttribute("data-new", this.#count > 0);
    const words = this.#count === 1 ? "1 new message" : `${this.#count.toLocaleString()} new messages`;
    slot(this.#button, "label").textContent = this.#count ? words : "Newest messages";
  }
}
