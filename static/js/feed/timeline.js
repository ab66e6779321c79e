import { clone, slot } from "../lib/templates.js";
import { dayName, dayOf } from "../lib/times.js";
import { drawn, mark, read, settle } from "./entry.js";
import { RenderedRange } from "./range.js";

const RUN = 5 * 60 * 1000;
const SHOWN_TYPES = ["message"];

/**
 * The entries of one room, and those of them that are on the page: a slice, which moves with the reader.
 *
 * Entries stand in the order of `seq`, what is on its way stands after them. Day lines, the line of what is new, and who leads a run
 * follow from the entries alone. Nothing changes on the page until `sync`, and that is safe to repeat.
 */
export class Timeline {
  #list;
  #own;
  #entries = [];
  #ownIds = new Set();
  #pending = new Map();
  #notices = [];
  #range;
  #newAfter = Infinity;
  #newEntry = null;
  #newLine = clone("new");
  #shown = [];
  #showsEnd = true;

  /**
   * @param {Element} list the `[data-entries]` element, with what the server has drawn
   * @param {string} own the id of the person who reads
   */
  constructor(list, own) {
    this.#list = list;
    this.#own = own;
    this.take([...list.querySelectorAll("[data-entry]")].map((element) => ({ type: "message", ...read(element) })));
    this.#range = new RenderedRange(this.#entries.length);
  }

  /** The entries on the page, in order, each with its `element`. */
  get shown() {
    return this.#shown;
  }

  /** The `seq` of the newest entry, on the page or not; 0 if there is none. */
  get newest() {
    return this.#entries.at(-1)?.seq ?? 0;
  }

  /** Whether the slice reaches to the newest entry. */
  get atEnd() {
    return this.#range.last === this.#entries.length;
  }

  /** Whether the page reached to the newest entry when it was last drawn. */
  get showsEnd() {
    return this.#showsEnd;
  }

  /** Whether as much is on the page as may be. */
  get isFull() {
    return this.#range.isFull;
  }

  /** Whether the slice begins with the oldest entry that is known. */
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
    for (const entry of ofShownTypes(entries)) {
      if (entry.user.id === this.#own) this.#adopt(entry);
      this.#entries.push(entry);
    }
  }

  /** Take entries that come before all others, in order. */
  takeOlder(entries) {
    const older = ofShownTypes(entries);
    this.#entries.unshift(...older);
    for (const { user, id } of older) if (user.id === this.#own) this.#ownIds.add(id);
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

  /** Forget everything. */
  clear() {
    this.#pending.clear();
    this.#ownIds.clear();
    this.#entries = [];
    this.#notices = [];
    this.#range = new RenderedRange(0);
    this.#newAfter = Infinity;
    this.#newEntry = null;
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

  /** Draw the line above the first entry after `seq` that somebody else wrote; where there is none (yet), above what comes. */
  markNew(seq) {
    this.#newAfter = seq;
    this.#newEntry = null;
  }

  /** The `seq` of the first entry below the line of what is new, if there is one. */
  get firstNew() {
    return this.#findNew()?.seq ?? 0;
  }

  /** Show what is on its way, in this order: `{id, text, at, reason?, waitsFor?}`, with why it was refused or takes long. */
  showPending(messages, user) {
    for (const message of messages) {
      if (this.#ownIds.has(message.id)) continue;
      if (!this.#pending.has(message.id)) {
        this.#pending.set(message.id, { ...message, user, element: drawn({ ...message, user }) });
      }
      mark(this.#pending.get(message.id).element, message.reason ?? "", message.waitsFor ?? "");
    }
    const waiting = new Set(messages.map((message) => message.id));
    // What was refused and is gone from the list was discarded; what was sent stays until its entry comes.
    for (const [id, { element }] of this.#pending) {
      if (!waiting.has(id) && element.dataset.state === "failed") this.discard(id);
    }
  }

  /** Take a pending copy away. */
  discard(id) {
    this.#pending.delete(id);
  }

  /** Put a quiet line after the newest entry. Returns it, to be changed with `reword`. */
  notice(text) {
    const notice = { after: this.newest, element: clone("notice") };
    notice.element.textContent = text;
    this.#notices.push(notice);
    return notice;
  }

  /** Have a quiet line say something else, or take it away if that is nothing. */
  reword(notice, text) {
    notice.element.textContent = text;
    if (!text) this.#notices = this.#notices.filter((each) => each !== notice);
  }

  /** Name the days anew: the one on the page may no longer be today. */
  renameDays() {
    for (const entry of this.#shown) {
      if (entry.day) slot(entry.day, "label").textContent = dayName(entry.at);
    }
  }

  /** Bring the page to what is known. `following` says that the reader follows the newest: what is far above then leaves. */
  sync({ following }) {
    if (following) this.#range.toEnd(this.#entries.length);
    const wanted = this.#rows();
    const kept = new Set(wanted);
    for (const node of [...this.#list.children]) if (!kept.has(node)) node.remove();
    let next = this.#list.firstElementChild;
    for (const node of wanted) {
      if (node === next) next = next.nextElementSibling;
      else this.#list.insertBefore(node, next);
    }
    for (const entry of this.#shown) if (!entry.element.isConnected) entry.element = entry.day = null;
    this.#shown = this.#entries.slice(this.#range.first, this.#range.last);
    this.#showsEnd = this.atEnd;
  }

  /** What is to stand on the page, in order. */
  #rows() {
    const rows = [];
    const { first, last } = this.#range;
    const firstNew = this.#findNew();
    let above = this.#entries[first - 1] ?? null;
    let notice = this.#notices.findIndex(({ after }) => after >= (above?.seq ?? 0));
    if (notice < 0) notice = this.#notices.length;
    const quiet = (before) => {
      const from = rows.length;
      while (notice < this.#notices.length && this.#notices[notice].after < before) {
        rows.push(this.#notices[notice].element);
        notice += 1;
      }
      return rows.length > from;
    };
    for (let at = first; at < last; at += 1) {
      const entry = this.#entries[at];
      let parted = quiet(entry.seq);
      if (!above || date(above) !== date(entry)) {
        rows.push((entry.day ??= day(entry.at)));
        parted = true;
      } else {
        entry.day = null;
      }
      if (entry === firstNew) {
        rows.push(this.#newLine);
        parted = true;
      }
      entry.element ??= drawn(entry);
      entry.element.classList.toggle("lead", parted || !follows(entry, above));
      rows.push(entry.element);
      above = entry;
    }
    if (this.atEnd) {
      let parted = quiet(Infinity);
      for (const pending of this.#pending.values()) {
        // By its own clock, which may be another than the log's: no day line until it stands there.
        pending.element.classList.toggle("lead", parted || !above || !follows(pending, above));
        rows.push(pending.element);
        parted = false;
        above = pending;
      }
    }
    return rows;
  }

  /** Make an own entry of what was its pending copy, if there was one. */
  #adopt(entry) {
    this.#ownIds.add(entry.id);
    const pending = this.#pending.get(entry.id);
    if (!pending) return;
    this.#pending.delete(entry.id);
    entry.element = pending.element;
    settle(entry.element, entry.seq, entry.at);
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
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#entries[middle].seq < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function ofShownTypes(entries) {
  // Copies, which get elements of their own.
  return entries.filter(({ type }) => SHOWN_TYPES.includes(type)).map((entry) => ({ ...entry }));
}

function follows(entry, above) {
  return above.user.id === entry.user.id && entry.at - above.at <= RUN;
}

function date(entry) {
  return (entry.date ??= dayOf(entry.at));
}

function day(at) {
  const line = clone("day");
  line.dataset.day = dayOf(at);
  slot(line, "label").textContent = dayName(at);
  return line;
}
