import { slot } from "../lib/templates.js";

const LOST = "You are no longer in this room: you left it elsewhere, or the chat lost it.";

/** Shows whether the reader is a member of a room: the bar to join it, with why they are outside, and the button to leave it. */
export class Membership {
  #main;
  #bar;
  #leave;
  #leaving = false;

  /** @param {HTMLElement} main @param {HTMLElement} aside @param {() => void} onJoin called when the reader asks to come in */
  constructor(main, aside, connection, onJoin) {
    this.#main = main;
    this.#bar = main.querySelector("[data-outside]");
    this.#leave = aside.querySelector("[data-leave-room]");
    this.#bar.addEventListener("submit", (event) => {
      // Where no connection comes about, the form may get through.
      if (connection.status !== "live" && navigator.onLine) return;
      event.preventDefault();
      onJoin();
    });
    this.#leave?.addEventListener("submit", () => (this.#leaving = true));
  }

  get member() {
    return this.#main.dataset.member === "true";
  }

  /** Show that the reader is a member. */
  begin() {
    this.#show(true);
  }

  /** Show that they are no member any more, and why, unless they are just leaving on this page. Returns whether it is news. */
  end(why = LOST) {
    if (!this.member || this.#leaving) return false;
    this.#show(false);
    slot(this.#bar, "why").textContent = why;
    return true;
  }

  /** Show that there is no such room any more, and the way to another one. */
  close(why) {
    this.#lead(why, "[data-home]");
  }

  /** Show that the reader is signed out, and the way to a name. */
  signOut(why) {
    this.#lead(why, "[data-come-in]");
  }

  #lead(why, link) {
    this.#show(false);
    slot(this.#bar, "why").textContent = why;
    this.#bar.querySelector("button").hidden = true;
    for (const each of this.#bar.querySelectorAll("a")) each.hidden = !each.matches(link);
  }

  #show(member) {
    this.#main.dataset.member = String(member);
    this.#bar.hidden = member;
    if (this.#leave) this.#leave.hidden = !member;
  }
}
