import { own, shared, short } from "../lib/storage.js";

/**
 * What somebody has begun to write in one room. Each tab has its own draft; the last one written in any of them outlives the tabs.
 */
export class Draft {
  #key;
  #text;
  #kept;
  #isShared = true;

  /** @param {string} room */
  constructor(room) {
    this.#key = `draft:${room}`;
    // An empty draft counts: this tab does not take another's words.
    const kept = shared.get(this.#key);
    this.#text = own.get(this.#key) ?? kept ?? "";
    this.#kept = kept === this.#text ? kept : null;
  }

  get text() {
    return this.#text;
  }

  /** Keep it as it is now. */
  set text(text) {
    this.#text = text;
    own.set(this.#key, text);
    const isKept = Boolean(text) && this.#isShared && shared.set(this.#key, text);
    // The shared draft may be another tab's.
    if (!text && this.#kept !== null && shared.get(this.#key) === this.#kept) shared.remove(this.#key);
    if (isKept || !text) this.#kept = text || null;
    short.note(this.#key, text, isKept || !this.#isShared);
  }

  /** Keep it in this tab alone from now on. */
  unshare() {
    this.#isShared = false;
  }
}
