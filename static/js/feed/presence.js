const GATHER = 60_000;
const SPOKEN = 200;

/**
 * The notices of who came and who left. Several within a minute become one, so that they do not cut a conversation to pieces. Somebody
 * who just spoke needs none.
 */
export class PresenceLines {
  #timeline;
  #own;
  #draw;
  #line = null;
  #waiting = nobody();
  #timer = 0;
  #spoken = new Map();

  /**
   * @param {import("./timeline.js").Timeline} timeline
   * @param {string} own the reader's own id: their coming and going is no news to them
   * @param {() => void} draw called when the timeline is to be drawn
   */
  constructor(timeline, own, draw) {
    this.#timeline = timeline;
    this.#own = own;
    this.#draw = draw;
  }

  /** Note who came and who left: `{joined, left}`. */
  tell({ joined, left }) {
    const line = this.#line;
    const isNewest = line && line.notice.after === this.#timeline.newest;
    const isYoung = line && Date.now() - line.since < GATHER;
    const people = isNewest && isYoung ? line.people : this.#waiting;
    gather(
      people,
      "joined",
      "left",
      joined.filter(({ id }) => id !== this.#own && !this.#spokeLately(id)),
    );
    gather(
      people,
      "left",
      "joined",
      left.filter(({ id }) => id !== this.#own),
    );
    if (people === this.#waiting) this.#later(isYoung ? GATHER - (Date.now() - line.since) : 0);
    else this.#reword();
  }

  /** Note that somebody said something just now. */
  spoke({ id }) {
    this.#waiting.joined.delete(id);
    this.#spoken.delete(id);
    this.#spoken.set(id, Date.now());
    if (this.#spoken.size > SPOKEN) this.#spoken.delete(this.#spoken.keys().next().value);
  }

  #spokeLately(id) {
    return Date.now() - (this.#spoken.get(id) ?? -Infinity) < GATHER;
  }

  #later(pause) {
    clearTimeout(this.#timer);
    if (pause > 0) this.#timer = setTimeout(() => this.#begin(), pause);
    else this.#begin();
  }

  /** Begin a line with those who wait for one. */
  #begin() {
    const words = sentences(this.#waiting);
    if (!words) return;
    this.#line = { notice: this.#timeline.notice(words), people: this.#waiting, since: Date.now() };
    this.#waiting = nobody();
    this.#draw();
  }

  #reword() {
    const words = sentences(this.#line.people);
    this.#timeline.reword(this.#line.notice, words);
    if (!words) this.#line = null;
    this.#draw();
  }
}

const nobody = () => ({ joined: new Map(), left: new Map() });

function gather(people, change, opposite, who) {
  for (const { id, name } of who) {
    // Somebody who came right back, or left at once, is not worth a line.
    if (!people[opposite].delete(id)) people[change].set(id, name);
  }
}

function sentences({ joined, left }) {
  return [sentence(joined, "now online"), sentence(left, "")].filter(Boolean).join(" · ");
}

function sentence(people, online) {
  const [first, second, ...rest] = people.values();
  if (!first) return "";
  const who = rest.length ? `${first} and ${rest.length + 1} others` : [first, second].filter(Boolean).join(" and ");
  if (!online) return `${who} left`;
  return `${who} ${people.size > 1 ? "are" : "is"} ${online}`;
}
