import { drawn, mark, settle } from "./entry.js";

/** Copies of the reader's own messages that are on their way. Each stands after the entries, and becomes one when its entry comes. */
export class Pending {
  #own;
  #sent = new Set();
  #copies = new Map();

  /** @param {{id: string, name: string}} own who reads */
  constructor(own) {
    this.#own = own;
  }

  /** The copies, in the order written: `{id, at, user, element}`. */
  get copies() {
    return this.#copies.values();
  }

  /** Show these messages: `{id, text, at, reason?, waitsFor?}`, with why one was refused or takes long. */
  show(messages) {
    for (const { id, text, at, reason = "", waitsFor = "" } of messages) {
      if (this.#sent.has(id)) continue;
      if (!this.#copies.has(id)) {
        const copy = { id, text, at, user: this.#own };
        this.#copies.set(id, { ...copy, element: drawn(copy) });
      }
      mark(this.#copies.get(id).element, reason, waitsFor);
    }
    const listed = new Set(messages.map(({ id }) => id));
    // A refused message that is no longer listed was discarded; a sent one stays until its entry comes.
    for (const [id, { element }] of this.#copies) {
      if (!listed.has(id) && element.dataset.state === "failed") this.discard(id);
    }
  }

  discard(id) {
    this.#copies.delete(id);
  }

  /** Forget everything. */
  reset() {
    this.#sent.clear();
    this.#copies.clear();
  }

  /** Make the copy of an entry, if there is one, that entry. */
  adopt(entry) {
    if (entry.user.id !== this.#own.id) return;
    this.#sent.add(entry.id);
    const copy = this.#copies.get(entry.id);
    if (!copy) return;
    this.#copies.delete(entry.id);
    entry.element = copy.element;
    settle(entry.element, entry.seq, entry.at);
  }
}
