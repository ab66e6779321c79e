import { Ledger } from "./ledger.js";

const PAGE = 200;
const OLDER = 50;
const FARTHEST = 2000;

/**
 * One room's log as far as it is known here, and how the rest is fetched.
 *
 * Hands each newer entry to the feed once and in order, whichever way it came, and older ones when they are asked for. Dispatches
 * `message` with each entry that came live as `detail`.
 */
export class Log extends EventTarget {
  #connection;
  #room;
  #ledger;
  #feed;
  #filled = Promise.resolve();
  #filling = 0;
  #paging = null;
  #isWhole;

  /**
   * @param {import("../net/connection.js").Connection} connection
   * @param {string} room
   * @param {Ledger} ledger what is known
   * @param {import("../feed/feed.js").Feed} feed where it is shown
   * @param {boolean} isWhole whether there is nothing older
   */
  constructor(connection, room, ledger, feed, isWhole) {
    super();
    this.#connection = connection;
    this.#room = room;
    this.#ledger = ledger;
    this.#feed = feed;
    this.#isWhole = isWhole;
  }

  /** Where to go on from. */
  get position() {
    return this.#ledger.position;
  }

  /**
   * Subscribe, and catch up from here.
   * @param {object} how what else to ask with
   * @param {(answer: object) => void} joined called with the server's answer, before the rest is fetched
   * @returns {Promise<number>} how many entries were missed
   */
  async join(how, joined) {
    const answer = await this.#compare(how);
    joined(answer);
    return answer.shown + (answer.complete ? 0 : await this.#fill(how));
  }

  /** Take newer entries, and return how many can be shown. What is missing before them is fetched. */
  receive(entries, { live = true } = {}) {
    const ready = this.#ledger.take(entries);
    this.#feed.add(ready, { live });
    this.#forget();
    for (const entry of live ? ready : []) this.dispatchEvent(new CustomEvent("message", { detail: entry }));
    if (this.#ledger.hole && !this.#filling) this.#fill({ renew: true }).catch(() => {});
    return ready.length;
  }

  /** Fetch older entries, if there are any, unless some are on their way. Resolves with whether some came. */
  older(limit = OLDER) {
    this.#paging ??= this.#fetchOlder(limit).finally(() => (this.#paging = null));
    return this.#paging;
  }

  /** Fetch older entries back to a `seq`, unless that is very far. */
  async reach(seq) {
    const farthest = this.#ledger.low - FARTHEST;
    while (this.#ledger.low > Math.max(seq, farthest) && (await this.older(PAGE)));
  }

  async #fetchOlder(limit) {
    if (this.#isWhole) return false;
    const ledger = this.#ledger;
    try {
      const page = await this.#page({ before: ledger.low, limit });
      if (ledger !== this.#ledger) return false;
      const entries = ledger.takeOlder(page.entries);
      this.#isWhole = page.complete || !entries.length;
      this.#feed.addOlder(entries, { complete: this.#isWhole });
      return entries.length > 0;
    } catch (error) {
      if (!error.passing) throw error;
      return false;
    }
  }

  #forget() {
    const low = this.#feed.forget();
    if (!low) return;
    this.#ledger.low = low;
    this.#isWhole = false;
  }

  /** Join from the position here, and take the entries of the answer. Returns the answer, and how many entries were `shown`. */
  async #compare(how) {
    const answer = await this.#connection.call("join", { room: this.#room, after: this.position, limit: PAGE, ...how });
    if (!answer.reset) return { ...answer, shown: this.receive(answer.entries, { live: false }) };
    this.#reset(answer);
    return { ...answer, shown: 0 };
  }

  /** Fetch what stands between the last entry known and the newest, after whatever is being fetched. Returns how many came. */
  #fill(how) {
    const filled = this.#filled.then(() => this.#fetchNewer(how));
    this.#filling += 1;
    this.#filled = filled.catch(() => {}).finally(() => (this.#filling -= 1));
    return filled;
  }

  async #fetchNewer(how) {
    let count = 0;
    for (let complete = false; !complete;) {
      const { epoch, seq } = this.position;
      const page = await this.#page({ after: seq, limit: PAGE });
      const ready = this.#ledger.take(page.entries);
      this.#feed.add(ready);
      count += ready.length;
      complete = page.complete || page.epoch !== epoch || this.#ledger.high === seq;
      if (complete && this.#ledger.hole) {
        // What is missing was trimmed meanwhile: the newest page is all there is.
        const answer = await this.#compare(how);
        count += answer.shown;
        complete = answer.complete;
      }
    }
    return count;
  }

  /** A page of the log. If it is refused for a moment, it is asked for again, as long as there is a connection. */
  async #page(part) {
    for (;;) {
      try {
        return await this.#connection.call("history", { room: this.#room, ...part });
      } catch (error) {
        if (!error.passing || error.code === "offline") throw error;
        await new Promise((resolve) => setTimeout(resolve, error.pause));
      }
    }
  }

  #reset({ epoch, head, entries, read }) {
    const high = entries.at(-1)?.seq ?? head;
    this.#ledger = new Ledger(epoch, entries[0]?.seq ?? high + 1, high);
    this.#isWhole = this.#ledger.low <= 1;
    this.#feed.reset(entries, { complete: this.#isWhole, read });
  }
}
