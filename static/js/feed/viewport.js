import { framed } from "../lib/frames.js";
import { Beginning } from "./beginning.js";
import { listen as foldTexts } from "./folding.js";
import { Scroller } from "./scroller.js";

/**
 * The part of a timeline that is on the page, and where the reader is in it. It grows where little is left above or below what is in
 * view. Dispatches `moved` when what is in view may have changed.
 */
export class Viewport extends EventTarget {
  beginning;
  scroller;
  #main;
  #timeline;
  // In a frame of its own: drawing is what takes long.
  #grow = framed(() => this.#extend());

  /** @param {HTMLElement} main the room as the server has drawn it @param {import("./timeline.js").Timeline} timeline */
  constructor(main, timeline) {
    super();
    this.#main = main;
    this.#timeline = timeline;
    this.beginning = new Beginning(main);
    const feed = main.querySelector("[data-feed]");
    this.scroller = new Scroller(feed, () => timeline.showsEnd);
    foldTexts(feed, this.scroller);
    const moved = framed(() => this.dispatchEvent(new Event("moved")));
    this.scroller.addEventListener("moved", moved);
  }

  /** Whether the room has the place on the page. */
  get isShown() {
    return this.#main.isConnected;
  }

  /** Whether the reader follows the newest entry. */
  get atBottom() {
    return this.scroller.atBottom;
  }

  /** Whether little is left above what is in view, and all that is known is on the page. */
  get atTop() {
    return this.scroller.nearTop && this.#timeline.atStart;
  }

  /** How far one reads from here: `{seq, below}`, or null at the bottom. */
  get place() {
    return this.isShown && !this.atBottom ? this.scroller.place(this.#timeline.shown) : null;
  }

  /** The `seq` of the last entry in view. */
  get last() {
    return this.atBottom ? this.#timeline.newest : this.scroller.last(this.#timeline.shown)?.seq;
  }

  /** Whether the reader is still where they were. */
  isAt(place) {
    if (!this.isShown || !place) return this.isShown && this.atBottom;
    const element = this.#timeline.element(place.seq);
    return Boolean(element) && Math.abs(this.scroller.offset(element) - place.below) < 2;
  }

  /** Go to a place that was left: `{seq, below}`. */
  goTo({ seq, below }) {
    const element = this.#bring(seq);
    if (element) this.scroller.to(element, below);
  }

  /** Go to the line of what is new, above the entry with this `seq`. */
  goToNew(seq) {
    this.#bring(seq);
    this.scroller.to(this.#timeline.newLine);
  }

  /** Bring the page to what is known, without moving what is being read. */
  sync() {
    const following = this.atBottom;
    this.scroller.keep(this.#timeline.shown, () => {
      this.#timeline.sync({ following });
      this.beginning.draw(this.#timeline.atStart);
    });
  }

  /** Have more on the page soon, where little is left above or below what is in view. Returns whether there is more. */
  fill() {
    const side = this.#short;
    if (side) this.#grow();
    return Boolean(side);
  }

  #extend() {
    const side = this.isShown && this.#short;
    if (!side) return;
    if (side === "above") this.#timeline.up();
    else this.#timeline.down();
    this.sync();
    this.dispatchEvent(new Event("moved"));
  }

  /** On which side of what is in view little is left, although more is known: "above", "below", or neither. */
  get #short() {
    const { nearTop, nearBottom } = this.scroller;
    const { atStart, atEnd, isFull } = this.#timeline;
    // A screen that shows both ends of what may be on the page has all that it can have.
    if (nearTop && nearBottom && isFull) return "";
    if (nearTop && !atStart) return "above";
    return nearBottom && !atEnd ? "below" : "";
  }

  /** Have an entry on the page, and return its element, if there is such an entry. */
  #bring(seq) {
    this.scroller.rest();
    this.#timeline.bring(seq);
    this.sync();
    return this.#timeline.element(seq);
  }
}
