const MOST = 200;
const STEP = 40;
const ABOVE = 8;
// How many fill the screen, however low they are. Drawing is what takes long: no more are drawn in one go.
const SCREENFUL = Math.ceil(screen.height / 30);

/** Which of a room's entries are on the page: those from the number `first` to before the number `last`. It moves with the reader. */
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

  /** Whether it has the entry with this number. */
  has(at) {
    return at >= this.first && at < this.last;
  }

  /** Move to the newest of so many entries. */
  toEnd(length) {
    if (length - this.last > SCREENFUL) this.first = Math.max(this.first, length - SCREENFUL);
    // Several leave at once, as each time everything below them moves.
    else if (length - this.first > MOST) this.first = length - MOST + STEP;
    this.last = length;
  }

  /** Move to where the entry with this number is, of so many. */
  around(at, length) {
    this.first = Math.max(0, at - ABOVE);
    this.last = Math.min(length, at + SCREENFUL);
  }

  /** Have more of the older ones. */
  up() {
    this.first = Math.max(0, this.first - STEP);
    this.last = Math.min(this.last, this.first + MOST);
  }

  /** Have more of the newer ones, of so many entries. */
  down(length) {
    this.last = Math.min(length, this.last + STEP);
    this.first = Math.max(this.first, this.last - MOST);
  }

  /** Note that so many entries were put before all others, or, below 0, taken away there. */
  shift(count) {
    this.first += count;
    this.last += count;
  }
}
