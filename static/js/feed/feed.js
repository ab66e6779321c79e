import { looking } from "../lib/attention.js";
import { framed } from "../lib/frames.js";
import { learn, untilTomorrow } from "../lib/times.js";
import { listen as copyLines } from "./copying.js";
import { Jump } from "./jump.js";
import { PresenceLines } from "./presence.js";
import { Timeline } from "./timeline.js";
import { Viewport } from "./viewport.js";

const KEPT = 10_000;
const SLIDING = 4;

/**
 * What one reads in a room. It puts what comes on the page once a frame, and knows what of it is new and what was seen.
 *
 * Dispatches `older` when there is more to read above than is known, `seen` when something came into view, and `jumped` when the
 * reader went to what is new.
 */
export class Feed extends EventTarget {
  #own;
  #timeline;
  #jump;
  #place = null;
  #fresh = [];
  #catching = null;
  #draw = framed(() => this.#flush());
  viewport;
  /** The lines of who came and who left. */
  presence;
  /** The `seq` of the last entry that was in view. */
  seen;
  /** Whether nothing is read yet, as the first unread entries are still on their way. */
  waits = false;

  /**
   * @param {HTMLElement} main the room as the server has drawn it
   * @param {{id: string, name: string}} own who reads
   * @param {{read: number, head: number}} marks the `seq` up to which they have read, and of the newest entry
   */
  constructor(main, own, { read, head }) {
    super();
    this.#own = own.id;
    this.seen = read;
    this.#timeline = new Timeline(main.querySelector("[data-entries]"), own);
    this.#timeline.markNew(read);
    this.viewport = new Viewport(main, this.#timeline);
    this.viewport.addEventListener("moved", () => this.look());
    this.presence = new PresenceLines(this.#timeline, own.id, this.#draw);
    this.#jump = new Jump(main.querySelector("[data-jump]"), (first) => this.#go(first));
    if (this.#timeline.firstNew) this.#jump.count(head - read);
    copyLines(main.querySelector("[data-feed]"));
    this.#renameDays();
  }

  /** How far one reads from here: `{seq, below}`, or null at the bottom. */
  get place() {
    return this.viewport.place;
  }

  /** Take the place on the page: at the line of what is new, if there is something, or else where the reader was. */
  show() {
    const place = this.#place;
    this.#place = null;
    if (place) this.goTo(place);
    else this.goToNew();
  }

  /** Give the place on the page away. */
  hide() {
    this.#place = this.place;
  }

  /** Go to the line of what is new, if the reader comes back to the bottom of a feed that went on. */
  lookAgain() {
    if (this.#follows) this.goToNew();
    else this.look();
  }

  /** Take newer entries. `live` ones slide in. */
  add(entries, { live = false } = {}) {
    if (!entries.length) return;
    const isLookedAt = this.viewport.isShown && looking();
    // What comes while nobody looks begins where they looked last; what they see come is not new to them.
    if (!isLookedAt) this.#markUnseen();
    else if (live && !this.#timeline.firstNew) this.#timeline.markNew(Infinity);
    this.#timeline.take(entries);
    for (const { user, seq } of entries) {
      this.presence.spoke(user);
      if (user.id !== this.#own && !(isLookedAt && this.viewport.atBottom)) this.#jump.count(1, seq);
    }
    this.#draw();
    if (!live) return;
    learn(entries.at(-1).at);
    if (this.viewport.isShown) this.#fresh.push(...entries);
  }

  /** Take older entries, and say whether that is all there is. */
  addOlder(entries, { complete }) {
    this.#timeline.takeOlder(entries);
    this.viewport.beginning.isWhole = complete;
    this.#draw();
  }

  /** Begin anew, with these entries. */
  reset(entries, { complete, read }) {
    this.#timeline.reset(entries);
    this.#jump.clear();
    this.seen = read;
    this.viewport.beginning.isWhole = complete;
    this.toBottom();
  }

  /** Forget what is far above while the reader is at the bottom. Returns the `seq` of the oldest entry that is left, or null. */
  forget() {
    if (!this.viewport.atBottom || this.#timeline.size <= 2 * KEPT) return null;
    this.viewport.beginning.isWhole = false;
    return this.#timeline.forget(KEPT);
  }

  /** Put a notice after what is there. */
  notice(text) {
    this.#timeline.notice(text);
    this.#draw();
  }

  /** Show what is on its way. */
  showPending(messages) {
    this.#timeline.pending.show(messages);
    this.#draw();
  }

  /** Take the copy of what was on its way away. */
  discard(id) {
    this.#timeline.pending.discard(id);
    this.#draw();
  }

  /** Note that the reader has read up to `seq`, here or elsewhere. */
  noteRead(seq) {
    this.seen = Math.max(this.seen, seq);
  }

  /** Stay where the reader is while `missed` brings what came meanwhile, and then go to the line above it. */
  async catchUp(missed) {
    const follows = this.#follows || (this.viewport.isShown && Boolean(this.#catching?.follows));
    const catching = (this.#catching = { follows });
    this.#markUnseen();
    if (follows) this.viewport.scroller.rest();
    try {
      return await missed();
    } finally {
      // Where another began meanwhile, as the connection was replaced, that one ends it.
      if (catching === this.#catching) {
        this.#catching = null;
        if (follows && this.viewport.isShown) this.goToNew();
        else this.look();
      }
    }
  }

  /** Go to the line of what is new, or, where nothing is, to the newest entry. */
  goToNew() {
    const { firstNew } = this.#timeline;
    if (firstNew > this.seen) {
      this.viewport.goToNew(firstNew);
      this.#jump.arrived();
    } else {
      this.viewport.scroller.toBottom();
      this.viewport.sync();
    }
    this.look();
  }

  /** Go to a place that was left: `{seq, below}`. */
  goTo(place) {
    this.viewport.goTo(place);
    this.look();
  }

  /** Follow the newest entry from now on. */
  toBottom() {
    this.viewport.scroller.toBottom();
    this.#draw();
  }

  /** Note what is in view, and ask for more where little is left above it. */
  look() {
    if (!this.viewport.isShown) return;
    const { atBottom } = this.viewport;
    if (atBottom && looking()) this.#jump.clear();
    this.#jump.draw(atBottom);
    if (!this.viewport.fill() && this.viewport.atTop) this.dispatchEvent(new Event("older"));
    // What only passes by on the way to where one begins is not read.
    if (looking() && !this.waits && !this.#catching) this.#see();
  }

  get #follows() {
    return this.viewport.isShown && this.viewport.atBottom;
  }

  #markUnseen() {
    if (this.#timeline.firstNew <= this.seen) this.#timeline.markNew(this.seen);
  }

  #flush() {
    if (!this.viewport.isShown) return;
    this.viewport.sync();
    this.#slideIn();
    this.look();
  }

  #see() {
    const { last } = this.viewport;
    if (!(last > this.seen)) return;
    this.seen = last;
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
      // Or it would slide in again each time that the room comes back on the page.
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
