const NEAR = 48;

/**
 * Where the reader is in a feed. At the bottom it stays there, whatever grows; anywhere else nothing moves what is being read, and a
 * button leads to what is new.
 */
export class Scroller {
  #feed;
  #jump;
  #label;
  #target = null;
  #new = 0;
  #atBottom = true;
  #top = 0;

  /** @param {Element} feed @param {HTMLButtonElement} jump @param {() => void} onBottom called when the newest comes into view */
  constructor(feed, jump, onBottom) {
    this.#feed = feed;
    this.#jump = jump;
    this.#label = jump.querySelector('[data-slot="label"]');
    this.#jump.addEventListener("click", () => this.#go());
    feed.addEventListener("scroll", () => this.#scrolled(onBottom), { passive: true });
    const resized = new ResizeObserver(() => this.#atBottom && this.toBottom());
    resized.observe(feed);
    resized.observe(feed.firstElementChild);
  }

  get atBottom() {
    return this.#atBottom;
  }

  /** Note a new entry that is not in view. */
  count(element) {
    if (this.#atBottom) return;
    this.#new += 1;
    this.#target ??= element;
    this.#draw();
  }

  toBottom() {
    this.#atBottom = true;
    this.#feed.scrollTop = this.#feed.scrollHeight;
  }

  /** Go to where `element` is a little below the top. */
  to(element) {
    this.#feed.scrollTop += element.getBoundingClientRect().top - this.#feed.getBoundingClientRect().top - NEAR;
  }

  /** Change the feed above what is being read, without moving that. */
  keep(line, change) {
    const before = line?.getBoundingClientRect().top;
    change();
    if (line) this.#feed.scrollTop += line.getBoundingClientRect().top - before;
  }

  /** Take up the place that the feed had when it was last on the page. */
  restore(top) {
    if (this.#atBottom) this.toBottom();
    else this.#feed.scrollTop = top;
  }

  #scrolled(onBottom) {
    const { scrollHeight, scrollTop, clientHeight } = this.#feed;
    // Only a reader moves up. What has grown since the feed was last moved down is no reason to think them elsewhere.
    if (scrollHeight - scrollTop - clientHeight < NEAR) this.#atBottom = true;
    else if (scrollTop < this.#top) this.#atBottom = false;
    this.#top = scrollTop;
    if (this.#atBottom) {
      this.#new = 0;
      this.#target = null;
      onBottom();
    }
    this.#draw();
  }

  #go() {
    if (this.#target?.isConnected) {
      const target = this.#target;
      this.#target = null;
      this.to(target);
    } else {
      this.toBottom();
    }
    this.#feed.focus({ preventScroll: true });
  }

  #draw() {
    this.#jump.hidden = this.#atBottom;
    this.#jump.toggleAttribute("data-new", this.#new > 0);
    const words = this.#new === 1 ? "1 new message" : `${this.#new} new messages`;
    this.#label.textContent = this.#new ? words : "Newest messages";
  }
}
