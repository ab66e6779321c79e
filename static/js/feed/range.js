const STEP = 40;
const ABOVE = 8;
// Enough to fill the screen with the lowest entries. No more are drawn in one go, as drawing is what takes long.
const SCREENFUL = Math.ceil(screen.height / 30);
// Each that is on the page makes all drawing dearer.
const MOST = Math.max(120, 4 * SCREENFUL);

/** Which of a room's entries are on the page: from the index `first` up to, without, `last`. It moves with the reader. */
export class RenderedRange {
  first = 0;
  last;

  /** @param {number} length how many entries there are, all of them on the page */
  constructor(length) {
    this.last = length;
  }

  /** Whether as much is on the page as may be. */
  get isFull() {
    return this.last - this.first >= MOST;
  }

  /** Whether the entry with this index is in it. */
  has(at) {
    return at >= this.first && at < this.last;
  }

  /** Move to the newest of `length` entries. */
  toEnd(length) {
    if (length - this.last > SCREENFUL) this.first = Math.max(this.first, length - SCREENFUL);
    // Several leave at once, as everything below them moves each time.
    else if (length - this.first > MOST) this.first = length - MOST + STEP;
    this.last = length;
  }

  /** Move to the entry with this index, of `length` entries. */
  around(at, length) {
    this.first = Math.max(0, at - ABOVE);
    this.last = Math.min(length, at + SCREENFUL);
  }

  /** Have more of the older ones. */
  up() {
    this.first = Math.max(0, this.first - STEP);
    this.last = Math.min(this.last, this.first + MOST);
  }

  /** Have more of the newer ones, of `length` entries. */
  down(length) {
    this.last = Math.min(length, this.last + STEP);
    this.first = Math.max(this.first, this.last - MOST);
  }

  /** Note that `count` entries were put before all others, or, if it is negative, taken away there. */
  shift(count) {
    this.first += count;
    this.last += count;
  }
}
