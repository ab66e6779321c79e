const GATHER = 60_000;

/** The quiet lines of who came and who left: several within a minute become one. */
export class Comings {
  #timeline;
  #own;
  #line = null;
  #people = { joined: new Map(), left: new Map() };
  #since = 0;

  /** @param {import("./timeline.js").Timeline} timeline @param {string} own whose coming and going is no news to the reader */
  constructor(timeline, own) {
    this.#timeline = timeline;
    this.#own = own;
  }

  /** Tell of `{joined, left}`. */
  tell({ joined, left }) {
    if (![...joined, ...left].some((person) => person.id !== this.#own)) return;
    if (
      !this.#line?.isConnected ||
      this.#line.nextElementSibling?.matches("[data-seq]") ||
      Date.now() - this.#since > GATHER
    ) {
      this.#people = { joined: new Map(), left: new Map() };
      this.#since = Date.now();
      this.#line = null;
    }
    this.#gather("joined", joined, "left");
    this.#gather("left", left, "joined");
    const said = [sentence(this.#people.joined, "now online"), sentence(this.#people.left, "")].filter(Boolean);
    if (said.length) this.#line = this.#timeline.notice(said.join(" · "), this.#line);
    else this.#line?.remove();
  }

  #gather(change, people, opposite) {
    for (const person of people) {
      if (person.id === this.#own) continue;
      // Gone and back, or here for a moment: nothing worth a line.
      if (!this.#people[opposite].delete(person.id)) this.#people[change].set(person.id, person.name);
    }
  }
}

function sentence(people, online) {
  const [first, second, ...rest] = people.values();
  if (!first) return "";
  const several = people.size > 1;
  const who = rest.length ? `${first} and ${rest.length + 1} others` : [first, second].filter(Boolean).join(" and ");
  if (!online) return `${who} left`;
  return `${who} ${several ? "are" : "is"} ${online}`;
}
