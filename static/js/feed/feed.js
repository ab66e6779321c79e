import { looking } from "../lib/attention.js";
import { framed } from "../lib/frames.js";
import { learn, untilTomorrow } from "../lib/times.js";
import { PresenceLines } from "./presence.js";
import { listen as copyLines } from "./copying.js";
import { Beginning } from "./beginning.js";
import { listen as foldTexts } from "./folding.js";
import { Jump } from "./jump.js";
import { Scroller } from "./scroller.js";
import { Timeline } from "./timeline.js";

const KEPT = 10_000;
const SLIDING = 4;

/**
 * What one reads in a room: its entries, where the reader is among them, and what of them was seen.
 *
 * Whatever comes is put on the page once a frame. Dispatches `older` when there is more to read above than is known, `seen` when
 * something came into view, and `jumped` when the reader went to what is new.
 */
export class Feed extends EventTarget {
  #main;
  #own;
  #feed;
  #timeline;
  #scroller;
  #presence;
  #jump;
  #seen;
  #beginning;
  #place = null;
  #fresh = [];
  #catching = null;
  #draw = framed(() => this.#flush());
  // In a frame of its own: drawing is what takes long.
  #more = framed(() => this.#extend());
  /** Whether nothing is read yet, as the first unread entries are still on their way. */
  waits = false;

  /**
   * @param {HTMLElement} main the room as the server has drawn it
   * @param {{id: string, name: string}} own who reads
   * @param {{read: number, head: number}} marks the `seq` up to which they have read, and of the newest entry
   */
  constructor(main, own, { read, head }) {
    super();
    this.#main = main;
    this.#own = own;
    this.#seen = read;
    this.#feed = main.querySelector("[data-feed]");
    this.#beginning = new Beginning(main);
    this.#timeline = new Timeline(main.querySelector("[data-entries]"), own.id);
    this.#presence = new PresenceLines(this.#timeline, own.id, this.#draw);
    this.#timeline.markNew(read);
    this.#jump = new Jump(main.querySelector("[data-jump]"), (first) => this.#go(first));
    if (this.#timeline.firstNew) this.#jump.count(head - read);
    copyLines(this.#feed);
    this.#renameDays();
  }

  /** The `seq` of the last entry that was in view. */
  get seen() {
    return this.#seen;
  }

  /** Whether the reader follows the newest entry. */
  get atBottom() {
    return this.#scroller?.atBottom ?? true;
  }

  /** Whether the room has the place on the page. */
  get isShown() {
    return this.#main.isConnected;
  }

  /** How far one reads from here: `{seq, below}`, or null at the bottom. */
  get place() {
    return this.isShown && !this.atBottom ? this.#scroller.place(this.#timeline.shown) : null;
  }

  /** Whether the reader is still where they were. */
  isAt(place) {
    if (!this.isShown || !place) return this.isShown && this.atBottom;
    const element = this.#timeline.element(place.seq);
    return Boolean(element) && Math.abs(this.#scroller.offset(element) - place.below) < 2;
  }

  /** Take the place on the page: at the line of what is new, if there is something, or else where the reader was. */
  show() {
    this.#scroller ??= this.#scrolling();
    const place = this.#place;
    this.#place = null;
    if (place) this.goTo(place);
    else this.goToNew();
  }

  /** Go to the line of what is new, if the reader comes back to the bottom of a feed that went on. */
  lookAgain() {
    if (this.isShown && this.atBottom) this.goToNew();
    else this.look();
  }

  /** Give the place on the page away. */
  hide() {
    this.#place = this.place;
  }

  /** Take newer entries. `live` ones slide in. */
  add(entries, { live = false } = {}) {
    if (!entries.length) return;
    const isLookedAt = this.isShown && looking();
    // What comes while nobody looks begins where they looked last; what they see come is not new to them.
    if (!isLookedAt) this.#markUnseen();
    else if (live && !this.#timeline.firstNew) this.#timeline.markNew(Infinity);
    this.#timeline.take(entries);
    for (const entry of entries) {
      this.#presence.spoke(entry.user);
      if (entry.user.id !== this.#own.id && !(isLookedAt && this.atBottom)) this.#jump.count(1, entry.seq);
    }
    this.#draw();
    if (!live) return;
    learn(entries.at(-1).at);
    if (this.isShown) this.#fresh.push(...entries);
  }

  /** Take older entries, and say whether that is all there is. */
  addOlder(entries, { complete }) {
    this.#timeline.takeOlder(entries);
    this.#beginning.isWhole = complete;
    this.#draw();
  }

  /** Begin anew, with these entries. */
  reset(entries, { complete, read }) {
    this.#timeline.clear();
    this.#timeline.take(entries);
    this.#jump.clear();
    this.#seen = read;
    this.#beginning.isWhole = complete;
    this.#scroller?.toBottom();
    this.#draw();
  }

  /** Forget what is far above while the reader is at the bottom. Returns the `seq` of the oldest entry that is left, or null. */
  forget() {
    if (!this.atBottom || this.#timeline.size <= 2 * KEPT) return null;
    this.#beginning.isWhole = false;
    return this.#timeline.forget(KEPT);
  }

  /** Show who came and went. */
  tell(change) {
    this.#presence.tell(change);
  }

  /** Put a quiet line after what is there. */
  notice(text) {
    this.#timeline.notice(text);
    this.#draw();
  }

  /** Show what is on its way. */
  showPending(messages) {
    this.#timeline.showPending(messages, this.#own);
    this.#draw();
  }

  /** Take a pending copy away. */
  discard(id) {
    this.#timeline.discard(id);
    this.#draw();
  }

  /** Note that the reader has read up to `seq`, here or elsewhere. */
  noteRead(seq) {
    this.#seen = Math.max(this.#seen, seq);
  }

  /** Stay where the reader is while `missed` brings what came meanwhile, and then go to the line above it. */
  async catchUp(missed) {
    // One that another overtakes, as its connection was replaced, leaves the end to that.
    const follows = this.isShown && (this.atBottom || Boolean(this.#catching?.follows));
    const own = (this.#catching = { follows });
    this.#markUnseen();
    if (follows) this.#scroller?.rest();
    try {
      return await missed();
    } finally {
      if (own === this.#catching) {
        this.#catching = null;
        if (follows && this.isShown) this.goToNew();
        else this.look();
      }
    }
  }

  /** Go to the line of what is new, or, where nothing is, to the newest entry. */
  goToNew() {
    const { firstNew } = this.#timeline;
    if (firstNew > this.#seen) {
      this.#bring(firstNew);
      this.#scroller.to(this.#timeline.newLine);
      this.#jump.arrived();
    } else {
      this.#scroller.toBottom();
      this.#sync();
    }
    this.look();
  }

  /** Go to a place that was left: `{seq, below}`. */
  goTo({ seq, below }) {
    const element = this.#bring(seq);
    if (element) this.#scroller.to(element, below);
    this.look();
  }

  /** Follow the newest entry from now on. */
  toBottom() {
    this.#scroller.toBottom();
    this.#draw();
  }

  /** Note what is in view, and ask for more where little is left above it. */
  look() {
    if (!this.isShown || !this.#scroller) return;
    if (this.#scroller.atBottom && looking()) this.#jump.clear();
    this.#jump.draw(this.#scroller.atBottom);
    if (this.#short()) this.#more();
    else if (this.#scroller.nearTop && this.#timeline.atStart) this.dispatchEvent(new Event("older"));
    // What is only passing by, until one is where it begins, is not read.
    if (looking() && !this.waits && !this.#catching) this.#see();
  }

  #markUnseen() {
    if (this.#timeline.firstNew <= this.#seen) this.#timeline.markNew(this.#seen);
  }

  #scrolling() {
    const scroller = new Scroller(this.#feed, () => this.#timeline.showsEnd);
    foldTexts(this.#feed, scroller);
    scroller.addEventListener(
      "moved",
      framed(() => this.look()),
    );
    return scroller;
  }

  /** Have more of what is above or below on the page, and see what is in view. */
  #extend() {
    const side = this.isShown && this.#short();
    if (!side) return;
    if (side === "above") this.#timeline.up();
    else this.#timeline.down();
    this.#sync();
    this.look();
  }

  /** On which side of what is in view little is left, although there is more: "above", "below", or neither. */
  #short() {
    const { nearTop, nearBottom } = this.#scroller;
    const { atStart, atEnd, isFull } = this.#timeline;
    // A screen that shows both ends of what may be on the page has all that it can have.
    if (nearTop && nearBottom && isFull) return "";
    if (nearTop && !atStart) return "above";
    return nearBottom && !atEnd ? "below" : "";
  }

  /** Have an entry on the page, and return its element, if there is such an entry. */
  #bring(seq) {
    this.#scroller.rest();
    this.#timeline.bring(seq);
    this.#sync();
    return this.#timeline.element(seq);
  }

  #flush() {
    if (!this.isShown || !this.#scroller) return;
    this.#sync();
    this.#slideIn();
    this.look();
  }

  #sync() {
    const following = this.#scroller.atBottom;
    this.#scroller.keep(this.#timeline.shown, () => {
      this.#timeline.sync({ following });
      this.#beginning.draw(this.#timeline.atStart);
    });
  }

  #see() {
    const last = this.#scroller.atBottom ? this.#timeline.newest : this.#scroller.last(this.#timeline.shown)?.seq;
    if (!(last > this.#seen)) return;
    this.#seen = last;
    this.dispatchEvent(new Event("seen"));
  }

  #go(first) {
    if (first) this.goTo({ seq: first, below: 48 });
    else this.toBottom();
    this.dispatchEvent(new Event("jumped"));
  }

  /** Have what came live since the last frame slide in, unless that is much. */
  #slideIn() {
    const fresh = this.#fresh.splice(0);
    if (fresh.length > SLIDING) return;
    for (const { seq } of fresh) {
      const element = this.#timeline.element(seq);
      element?.classList.add("fresh");
      // Else they would do so again each time that the room comes back on the page.
      element?.addEventListener("animationend", () => element.classList.remove("fresh"), { once: true });
    }
  }

  #renameDays() {
    setTimeout(() => {
      this.#timeline.renameDays();
      this.#renameDays();
    }, untilTomorrow() + 1000);
  }
}
