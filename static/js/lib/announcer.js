const GATHER = 1000;
const EACH = 3;
const HEARD = 10_000;

/**
 * Says things to screen readers that are not on the page: a few messages one by one, or how many if there are many. What was said is
 * removed later, so that nobody finds it at the end of the page.
 */
export class Announcer {
  #region;
  #waiting = [];

  /** @param {Element} region a live region */
  constructor(region) {
    this.#region = region;
  }

  /** Say that somebody said something. */
  message(words) {
    if (this.#waiting.push(words) === 1) setTimeout(() => this.#flush(), GATHER);
  }

  /** Say something else, at once. */
  say(words) {
    const line = document.createElement("p");
    line.textContent = words;
    this.#region.append(line);
    setTimeout(() => line.remove(), HEARD);
  }

  #flush() {
    const messages = this.#waiting;
    this.#waiting = [];
    if (messages.length > EACH) this.say(`${messages.length} new messages`);
    else for (const words of messages) this.say(words);
  }
}
