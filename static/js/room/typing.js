const FORGET = 6000;

/** Who is typing in one room, in a line that always has its place, so that nothing jumps. */
export class Typing {
  #line;
  #people = new Map();

  /** @param {Element} line */
  constructor(line) {
    this.#line = line;
  }

  /** Somebody types, or no longer: `{user: {id, name}, on}`. */
  change({ user, on }) {
    clearTimeout(this.#people.get(user.id)?.timer);
    if (on) this.#people.set(user.id, { name: user.name, timer: setTimeout(() => this.stop(user.id), FORGET) });
    else this.#people.delete(user.id);
    this.#draw();
  }

  /** Somebody sent what they typed, or went away. */
  stop(id) {
    clearTimeout(this.#people.get(id)?.timer);
    if (this.#people.delete(id)) this.#draw();
  }

  #draw() {
    const names = [...this.#people.values()].map((person) => person.name);
    if (!names.length) this.#line.replaceChildren();
    else if (names.length > 2) this.#line.textContent = "Several people are typing…";
    else {
      const words = names.flatMap((name, index) => [index ? " and " : "", strong(name)]);
      this.#line.replaceChildren(...words, names.length > 1 ? " are typing…" : " is typing…");
    }
  }
}

function strong(name) {
  const element = document.createElement("b");
  element.dir = "auto";
  element.textContent = name;
  return element;
}
