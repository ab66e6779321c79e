import { firstWhere } from "../lib/search.js";
import { clone, settings, slot } from "../lib/templates.js";
import { dayName } from "../lib/times.js";
import { read } from "./entry.js";
import { Pending } from "./pending.js";
import { RenderedRange } from "./range.js";
import { place, rows } from "./rows.js";

const { type: TYPE, run: RUN } = settings("entry");

/**
 * The known entries of one room in the order of `seq`, and those of them that are on the page: a range, which moves with the reader.
 * Nothing changes on the page until `sync`, which is safe to repeat.
 */
export class Timeline {
  /** What is on its way, after the entries. */
  pending;
  /** The entries on the page, in order, each with its `element`. */
  shown = [];
  /** Whether the page reached to the newest entry when it was last drawn. */
  showsEnd = true;
  #list;
  #own;
  #entries;
  #notices = [];
  #range;
  #newAfter = Infinity;
  #newEntry = null;
  #newLine = clone("new");

  /**
   * @param {HTMLElement} list the `[data-entries]` element, with what the server has drawn
   * @param {{id: string, name: string}} own who reads
   */
  constructor(list, own) {
    this.#list = list;
    this.#own = own.id;
    this.pending = new Pending(own);
    this.#entries = [...list.querySelectorAll("[data-entry]")].map(read);
    this.#entries.forEach((entry) => this.pending.adopt(entry));
    this.#range = new RenderedRange(this.#entries.length);
  }

  /** The `seq` of the newest entry, on the page or not; 0 if there is none. */
  get newest() {
    return this.#entries.at(-1)?.seq ?? 0;
  }

  /** Whether the range reaches to the newest entry. */
  get atEnd() {
    return this.#range.last === this.#entries.length;
  }

  /** Whether as much is on the page as may be. */
  get isFull() {
    return this.#range.isFull;
  }

  /** Whether the range begins with the oldest entry that is known. */
  get atStart() {
    return this.#range.first === 0;
  }

  /** The line of what is new, while it is on the page. */
  get newLine() {
    return this.#newLine.isConnected ? this.#newLine : null;
  }

  /** How many entries are known. */
  get size() {
    return this.#entries.length;
  }

  /** Take entries that come after all others, in order. */
  take(entries) {
    this.#entries.push(...this.#taken(entries));
  }

  /** Take entries that come before all others, in order. */
  takeOlder(entries) {
    const older = this.#taken(entries);
    this.#entries.unshift(...older);
    this.#range.shift(older.length);
    this.#newEntry = null;
  }

  /** Forget the oldest entries beyond so many that are not on the page. Returns the `seq` of the oldest that is left. */
  forget(beyond) {
    const count = Math.min(this.#range.first, this.#entries.length - beyond);
    if (count > 0) {
      this.#entries.splice(0, count);
      this.#range.shift(-count);
      this.#notices = this.#notices.filter(({ after }) => after >= this.#entries[0].seq);
    }
    return this.#entries[0].seq;
  }

  /** Forget everything, and take these entries. */
  reset(entries) {
    this.pending.reset();
    this.#entries = this.#taken(entries);
    this.#notices = [];
    this.#range = new RenderedRange(0);
    this.markNew(Infinity);
  }

  /** Have more of the older entries on the page, if there are more. */
  up() {
    this.#range.up();
  }

  /** Have more of the newer entries on the page, if there are more. */
  down() {
    this.#range.down(this.#entries.length);
  }

  /** Have the entry with this `seq` on the page, and those around it. */
  bring(seq) {
    const at = this.#index(seq);
    if (!this.#range.has(at)) this.#range.around(at, this.#entries.length);
  }

  /** The element of an entry, if it is on the page. */
  element(seq) {
    const entry = this.#entries[this.#index(seq)];
    return entry?.seq === seq ? (entry.element ?? null) : null;
  }

  /** Draw the line above the first entry after `seq` that somebody else wrote; if there is none yet, above the one that comes. */
  markNew(seq) {
    this.#newAfter = seq;
    this.#newEntry = null;
  }

  /** The `seq` of the first entry below the line of what is new, or 0. */
  get firstNew() {
    return this.#findNew()?.seq ?? 0;
  }

  /** Put a notice after the newest entry. Returns it, to be changed with `reword`. */
  notice(text) {
    const notice = { after: this.newest, element: clone("notice") };
    notice.element.textContent = text;
    this.#notices.push(notice);
    return notice;
  }

  /** Have a notice say something else, or take it away if that is nothing. */
  reword(notice, text) {
    notice.element.textContent = text;
    if (!text) this.#notices = this.#notices.filter((each) => each !== notice);
  }

  /** Name the days anew: the one on the page may no longer be today. */
  renameDays() {
    for (const entry of this.shown) {
      if (entry.day) slot(entry.day, "label").textContent = dayName(entry.at);
    }
  }

  /** Bring the page to what is known. If the reader is `following` the newest, what is far above leaves the page. */
  sync({ following }) {
    if (following) this.#range.toEnd(this.#entries.length);
    const { first, last } = this.#range;
    const entries = this.#entries.slice(first, last);
    const drawing = rows({
      entries,
      above: this.#entries[first - 1] ?? null,
      notices: this.#notices,
      newLine: { entry: this.#findNew(), element: this.#newLine },
      pending: this.atEnd ? this.pending.copies : null,
      run: Number(RUN),
    });
    place(this.#list, drawing);
    for (const entry of this.shown) if (!entry.element.isConnected) entry.element = entry.day = null;
    this.shown = entries;
    this.showsEnd = this.atEnd;
  }

  /** Copies of those of a type that the page shows, as entries get elements of their own. */
  #taken(entries) {
    const shown = entries.filter(({ type }) => type === TYPE).map((entry) => ({ ...entry }));
    shown.forEach((entry) => this.pending.adopt(entry));
    return shown;
  }

  #findNew() {
    if (!this.#newEntry && this.#newAfter < this.newest) {
      let at = this.#index(this.#newAfter + 1);
      while (this.#entries[at]?.user.id === this.#own) at += 1;
      this.#newEntry = this.#entries[at] ?? null;
    }
    return this.#newEntry;
  }

  /** Where the first entry stands that has this `seq` or a later one. */
  #index(seq) {
    return firstWhere(this.#entries, (entry) => entry.seq >= seq);
  }
}
