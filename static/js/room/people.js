import { draw } from "../lib/faces.js";
import { clone, settings, slot } from "../lib/templates.js";

const { most: MOST } = settings("person");

/** Who is here, in the list beside a room. */
export class People {
  #aside;
  #list;
  #here = new Map();
  #count = 0;

  /** @param {Element} aside the list as the server has drawn it */
  constructor(aside) {
    this.#aside = aside;
    this.#list = aside.querySelector("[data-people]");
  }

  /** Show exactly these people: `{count, list}`. */
  reset({ count, list }) {
    this.#here = new Map(list.map((person) => [person.id, person]));
    this.#count = count;
    this.#draw();
  }

  /** Show what changed: `{joined, left, count}`; of a crowd the first of them are given instead, as `list`. */
  change({ joined, left, count, list }) {
    if (list) {
      this.reset({ count, list });
      return;
    }
    for (const person of joined) this.#here.set(person.id, person);
    for (const person of left) this.#here.delete(person.id);
    this.#count = count;
    this.#draw();
  }

  /** Show that somebody is not here any more. */
  remove(person) {
    if (this.#here.has(person.id)) this.change({ joined: [], left: [person], count: this.#count - 1 });
  }

  #draw() {
    const people = [...this.#here.values()]
      .sort((one, other) => one.name.localeCompare(other.name))
      .slice(0, Number(MOST));
    this.#list.replaceChildren(...people.map(row));
    this.#aside.querySelector("[data-here-count]").textContent = this.#count;
    const rest = this.#count - people.length;
    this.#aside.querySelector("[data-here-more]").hidden = rest <= 0;
    this.#aside.querySelector("[data-here-rest]").textContent = rest;
  }
}

function row(person) {
  const element = clone("person");
  element.dataset.person = person.id;
  draw(slot(element, "face"), person);
  slot(element, "name").textContent = person.name;
  return element;
}
