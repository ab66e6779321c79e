import { firstWhere } from "../lib/search.js";

const NEAR = 48;
const MARGIN = 800;

/**
 * Where the reader is in a feed. At the bottom they stay there, whatever comes; anywhere else nothing moves what is being read.
 *
 * Dispatches `moved` when the reader scrolled or the feed got another size.
 */
export class Scroller extends EventTarget {
  #feed;
  #showsEnd;
  #atBottom = true;
  #top = 0;
  #fraction = 0;

  /**
   * @param {HTMLElement} feed
   * @param {() => boolean} showsEnd whether there is nothing newer than what the feed ends with
   */
  constructor(feed, showsEnd) {
    super();
    this.#feed = feed;
    this.#showsEnd = showsEnd;
    feed.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    const resized = new ResizeObserver(() => {
      if (this.#atBottom) this.toBottom();
      this.dispatchEvent(new Event("moved"));
    });
    resized.observe(feed);
    resized.observe(feed.firstElementChild);
  }

  /** Whether the reader follows the newest. */
  get atBottom() {
    return this.#atBottom;
  }

  /** Whether little is left above what is in view. */
  get nearTop() {
    return this.#feed.scrollTop < MARGIN;
  }

  /** Whether little is left below what is in view. */
  get nearBottom() {
    const { scrollHeight, scrollTop, clientHeight } = this.#feed;
    return scrollHeight - scrollTop - clientHeight < MARGIN;
  }

  /** Go to the end of the feed, and stay there. */
  toBottom() {
    this.#atBottom = true;
    this.#moveTo(this.#feed.scrollHeight);
  }

  /** Stay where the reader is, also at the bottom, whatever comes. */
  rest() {
    this.#atBottom = false;
  }

  /** Scroll so that `element` is `below` pixels below the top. */
  to(element, below = NEAR) {
    this.#moveTo(this.#feed.scrollTop + this.offset(element) - below);
    this.#atBottom = this.#isThere();
  }

  /** Change the feed without moving what is being read. `rows` are its entries, in order, each with its `element`. */
  keep(rows, change) {
    const line = this.#atBottom ? null : this.#inView(rows)?.element;
    const before = line && this.offset(line);
    change();
    if (this.#atBottom) this.toBottom();
    else if (line?.isConnected) this.#moveBy(this.offset(line) - before);
  }

  /** The last of `rows` of which something is in view. */
  last(rows) {
    const bottom = this.#feed.clientHeight;
    const below = firstWhere(rows, ({ element }) => this.offset(element) >= bottom - 1);
    return rows[below - 1];
  }

  /** What is read at the top: `{seq, below}`, an entry and how many pixels below the top it stands. */
  place(rows) {
    const row = this.#inView(rows);
    return row && { seq: row.seq, below: this.offset(row.element) };
  }

  /** Whether an element lies above what is in view. */
  isAbove(element) {
    return this.offset(element) < 0;
  }

  /** The first of `rows` of which something is in view. */
  #inView(rows) {
    return rows[firstWhere(rows, ({ element }) => this.offset(element) + element.offsetHeight > 0)];
  }

  /** How many pixels below the top of the feed an element stands. */
  offset(element) {
    return element.getBoundingClientRect().top - this.#feed.getBoundingClientRect().top;
  }

  #scrolled() {
    const { scrollTop } = this.#feed;
    // Only a reader scrolls down to the bottom, or up from it. A feed that changes its height does neither.
    if (scrollTop > this.#top) this.#atBottom ||= this.#isThere();
    else if (scrollTop < this.#top) this.#atBottom &&= this.#isThere();
    this.#top = scrollTop;
    this.dispatchEvent(new Event("moved"));
  }

  #moveBy(pixels) {
    const wanted = this.#feed.scrollTop + pixels + this.#fraction;
    this.#moveTo(wanted);
    // A browser scrolls by whole pixels. What that loses is made up for the next time, so that it does not add up.
    this.#fraction = (wanted - this.#top) % 1;
  }

  #moveTo(top) {
    this.#feed.scrollTop = top;
    this.#top = this.#feed.scrollTop;
  }

  #isThere() {
    const { scrollHeight, scrollTop, clientHeight } = this.#feed;
    return scrollHeight - scrollTop - clientHeight < NEAR && this.#showsEnd();
  }
}
