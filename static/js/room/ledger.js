/**
 * Which entries of one room's log are shown: those from `low` to `high`, without a hole.
 *
 * Knows nothing of the page. Whatever way entries come, live, in pages, repeated or ahead of others, each is handed out once and in
 * the order of `seq`; what lies beyond a hole is held until the hole is filled.
 */
export class Ledger {
  epoch;
  low;
  high;
  #held = new Map();

  /** @param {string} epoch @param {number} low the first `seq` shown @param {number} high the last; `low - 1` if none is */
  constructor(epoch, low, high) {
    this.epoch = epoch;
    this.low = low;
    this.high = high;
  }

  /** Take newer entries, and return those that can be shown now, in order. */
  take(entries) {
    for (const entry of entries) {
      if (entry.epoch === this.epoch && entry.seq > this.high) this.#held.set(entry.seq, entry);
    }
    const ready = [];
    while (this.#held.has(this.high + 1)) {
      this.high += 1;
      ready.push(this.#held.get(this.high));
      this.#held.delete(this.high);
    }
    return ready;
  }

  /** Take a page of older entries, and return those that stand right before what is shown, in order. */
  takeOlder(entries) {
    const older = entries.filter((entry) => entry.epoch === this.epoch && entry.seq < this.low);
    if (older.at(-1)?.seq !== this.low - 1) return [];
    this.low = older[0].seq;
    return older;
  }

  /** Whether something is held, waiting for what comes before it. */
  get hole() {
    return this.#held.size > 0;
  }

  /** Where to go on from. */
  get position() {
    return { epoch: this.epoch, seq: this.high };
  }
}
