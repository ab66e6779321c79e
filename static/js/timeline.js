import { draw } from "./faces.js";
import { clone, slot } from "./templates.js";
import { linked } from "./text.js";
import { dayName, dayOf, show } from "./times.js";

const RUN = 5 * 60 * 1000;
const SHOWN_TYPES = ["message"];

/**
 * The entries of one room on the page. Each change is safe to repeat: entries are keyed by `seq`, pending ones by `id`.
 *
 * Pending entries stand last; a run's lead and the day lines follow from the entries around them.
 */
export class Timeline {
  #list;
  #bySeq = new Map();
  #pending = new Map();

  /** @param {Element} list the `[data-entries]` element, with what the server has drawn */
  constructor(list) {
    this.#list = list;
    for (const element of [...list.children]) {
      if (!element.matches("[data-entry]")) element.remove();
      else this.#adopt(element);
    }
  }

  /** The elements of all entries that the log has, in order. */
  get entries() {
    return [...this.#list.querySelectorAll("[data-entry][data-seq]")];
  }

  /** Show an entry of the log, in the place of its pending copy if there is one. Returns its element, or null if it shows nothing. */
  upsert(entry) {
    if (!SHOWN_TYPES.includes(entry.type)) return null;
    if (this.#bySeq.has(entry.seq)) return this.#bySeq.get(entry.seq);
    const element = this.#pending.get(entry.id) ?? clone("entry");
    this.#pending.delete(entry.id);
    fill(element, entry, "sent");
    element.id = `m-${entry.seq}`;
    element.dataset.seq = entry.seq;
    this.#bySeq.set(entry.seq, element);
    this.#place(element, entry.seq);
    return element;
  }

  /** Show what is on its way, in this order: `{id, text, at, reason?}`, with the reason why it was refused. */
  showPending(messages, user) {
    for (const message of messages) {
      if (!this.#pending.has(message.id) && !this.#has(message.id, user)) this.#addPending({ ...message, user });
      this.#mark(message.id, message.reason ?? "");
    }
    const waiting = new Set(messages.map((message) => message.id));
    // What was refused and is gone from the list was discarded; what was sent stays until its entry comes.
    for (const [id, element] of this.#pending) {
      if (!waiting.has(id) && element.dataset.state === "failed") this.discard(id);
    }
  }

  /** Take a pending copy away. */
  discard(id) {
    const element = this.#pending.get(id);
    this.#pending.delete(id);
    if (element) this.#remove(element);
  }

  /** Show a quiet line after everything that is there, in place of `last` if that still stands last. */
  notice(text, last = null) {
    const line = last?.isConnected && this.#newest() === last ? last : clone("notice");
    line.textContent = text;
    if (line !== last) this.#list.insertBefore(line, this.#firstPending());
    return line;
  }

  /** Draw the line above the first entry after `seq` that somebody else wrote, or none. */
  markNew(seq, own) {
    this.#list.querySelector("[data-new]")?.remove();
    const first = this.entries.find((element) => Number(element.dataset.seq) > seq && element.dataset.user !== own);
    if (!first) return null;
    const line = clone("new");
    first.before(line);
    this.#lead(first);
    return line;
  }

  /** Forget everything. */
  clear() {
    this.#list.replaceChildren();
    this.#bySeq.clear();
    this.#pending.clear();
  }

  #has(id, user) {
    return [...this.#bySeq.values()].some(({ dataset }) => dataset.id === id && dataset.user === user.id);
  }

  #addPending(message) {
    const element = clone("entry");
    fill(element, message, "pending");
    this.#pending.set(message.id, element);
    this.#list.append(element);
    this.#arrange(element);
  }

  #mark(id, reason) {
    const element = this.#pending.get(id);
    if (!element) return;
    element.dataset.state = reason ? "failed" : "pending";
    slot(element, "failure").hidden = !reason;
    slot(element, "reason").textContent = reason;
  }

  #adopt(element) {
    const { seq, at } = element.dataset;
    this.#bySeq.set(Number(seq), element);
    show(slot(element, "time"), Number(at));
    this.#arrange(element);
  }

  #place(element, seq) {
    let next = this.#firstPending(element);
    const entries = this.entries.filter((each) => each !== element);
    if (entries.length && Number(entries.at(-1).dataset.seq) > seq) {
      next = entries.find((each) => Number(each.dataset.seq) > seq);
      while (next.previousElementSibling?.matches("[data-day], [data-new]")) next = next.previousElementSibling;
    }
    if (element.nextElementSibling !== next || !element.isConnected) this.#list.insertBefore(element, next);
    this.#arrange(element);
  }

  #remove(element) {
    const next = neighbour(element, "nextElementSibling");
    element.remove();
    if (next) this.#arrange(next);
  }

  /** Put the day line above an entry right, and whether it and the next lead a run. */
  #arrange(element) {
    this.#day(element);
    this.#lead(element);
    const next = neighbour(element, "nextElementSibling");
    if (next) {
      this.#day(next);
      this.#lead(next);
    }
  }

  #day(element) {
    const before = neighbour(element, "previousElementSibling");
    const at = Number(element.dataset.at);
    const wanted = before && dayOf(Number(before.dataset.at)) === dayOf(at) ? "" : dayOf(at);
    let line = null;
    for (let each = element.previousElementSibling; each && each !== before;) {
      const previous = each.previousElementSibling;
      if (each.matches("[data-day]")) {
        if (!line && each.dataset.day === wanted) line = each;
        else each.remove();
      }
      each = previous;
    }
    if (!wanted || line) return;
    line = clone("day");
    line.dataset.day = wanted;
    slot(line, "label").textContent = dayName(at);
    const above = element.previousElementSibling;
    (above?.matches("[data-new]") ? above : element).before(line);
  }

  #lead(element) {
    const above = element.previousElementSibling;
    const follows =
      above?.matches("[data-entry]") &&
      above.dataset.user === element.dataset.user &&
      Number(element.dataset.at) - Number(above.dataset.at) <= RUN;
    element.classList.toggle("lead", !follows);
  }

  #firstPending(except = null) {
    return [...this.#pending.values()].find((element) => element !== except) ?? null;
  }

  #newest() {
    const pending = this.#firstPending();
    return pending ? pending.previousElementSibling : this.#list.lastElementChild;
  }
}

function fill(element, { id, user, text, at }, state) {
  Object.assign(element.dataset, { id, user: user.id, at, state });
  draw(slot(element, "face"), user);
  slot(element, "name").textContent = user.name;
  slot(element, "text").replaceChildren(...linked(text));
  slot(element, "failure").hidden = true;
  show(slot(element, "time"), at);
}

function neighbour(element, direction) {
  let each = element[direction];
  while (each && !each.matches("[data-entry]")) each = each[direction];
  return each;
}
