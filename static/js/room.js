import { Comings } from "./comings.js";
import { Composer } from "./composer.js";
import { Ledger } from "./ledger.js";
import { Outbox } from "./outbox.js";
import { Membership } from "./membership.js";
import { People } from "./people.js";
import { Scroller } from "./scroller.js";
import { clone, slot } from "./templates.js";
import { Timeline } from "./timeline.js";
import { Typing } from "./typing.js";

const PAGE = 200;
const OLDER = 50;
const CAUGHT_UP_FOR = 8000;

/**
 * One room on the page: its feed, composer and people, brought up to date by one connection. It stays what it is while another room
 * is shown in its place.
 *
 * Dispatches `message` with each new entry as `detail`, `seen` when its newest entry is in view, `wanted` when its reader asks to
 * come in, and `joined` with the answer as `detail` when they are.
 */
export class Room extends EventTarget {
  name;
  main;
  aside;
  /** Whether its reader asked to come in, and is not in yet. */
  wanted = false;
  #connection;
  #own;
  #ledger;
  #timeline;
  #scroller;
  #people;
  #comings;
  #typing;
  #composer;
  #outbox;
  #read;
  #filled = Promise.resolve();
  #filling = 0;
  #paging = false;
  #near;
  #fromNewest;
  #membership;
  #top = 0;

  /** @param {HTMLElement} main @param {HTMLElement} aside both as the server has drawn them */
  constructor(main, aside, connection) {
    super();
    const { room, epoch, own, ownName, read } = main.dataset;
    this.name = room;
    this.main = main;
    this.aside = aside;
    this.#connection = connection;
    this.#membership = new Membership(main, aside, connection, () => this.dispatchEvent(new Event("wanted")));
    this.#own = { id: own, name: ownName };
    this.#read = Number(read);
    this.#timeline = new Timeline(main.querySelector("[data-entries]"));
    const seqs = this.#timeline.entries.map((element) => Number(element.dataset.seq));
    // An older page of the room is for reading: what is new is told of, and stands on the newest page.
    this.#fromNewest = !main.querySelector("[data-newer]");
    const high = seqs.at(-1) ?? Number(main.dataset.head);
    this.#ledger = new Ledger(epoch, seqs[0] ?? high + 1, high);
    this.#people = new People(aside);
    this.#comings = new Comings(this.#timeline, own);
    this.#typing = new Typing(main.querySelector("[data-typing]"));
    this.#outbox = new Outbox(connection, room, own, () => this.#comeIn());
    this.#outbox.addEventListener("change", () => this.#showPending());
    this.#outbox.addEventListener("sent", ({ detail }) => this.#sent(detail));
    this.#outbox.addEventListener("outside", () => this.left());
    this.#showPending();
    this.#composer = new Composer(main.querySelector("[data-composer]"), {
      room,
      onSend: (text) => this.#send(text),
      onTyping: (on) => this.member && connection.call("typing", { room, on }).catch(() => {}),
    });
  }

  /** Whether the reader is a member. Others only read the room, as it was when its page was drawn. */
  get member() {
    return this.#membership.member;
  }

  /** What the reader has seen up to here. */
  get position() {
    return this.#ledger.position;
  }

  /** Take the place on the page, where it was left, or at the first unread entry. */
  show() {
    const first = !this.#scroller;
    if (first) this.#begin();
    this.#scroller.restore(this.#top);
    this.status();
    if (matchMedia("(hover: hover)").matches) this.#composer.focus();
    if (!first && this.#scroller.atBottom) this.dispatchEvent(new Event("seen"));
  }

  /** Give the place on the page to another room. */
  hide() {
    this.#top = this.main.querySelector("[data-feed]").scrollTop;
  }

  /** Whether the newest entry is in view. */
  get atBottom() {
    return this.#fromNewest && this.#scroller.atBottom;
  }

  /** Say what the connection is like. */
  status() {
    const status = this.#connection.status === "live" && !this.member ? "outside" : this.#connection.status;
    const label = { live: "live", outside: "not joined", connecting: "connecting…", offline: "offline" }[status];
    const element = this.main.querySelector("[data-status]");
    element.dataset.status = status;
    slot(element, "label").textContent = label;
    this.main.querySelector("[data-offline]").hidden = status !== "offline";
  }

  /**
   * Subscribe, and catch up from where this room is: on each new connection, and when the server asks to compare. Who only comes back
   * becomes no member by it: that takes that they `wanted` to.
   */
  async join({ again }) {
    const answer = await this.#compare();
    let count = answer.shown;
    if (!answer.complete) count += await this.#fill();
    if (again && count) this.#say(count === 1 ? "Caught up: 1 new message" : `Caught up: ${count} new messages`);
    return answer;
  }

  /** Take newer entries, and return how many were shown. What is missing before them is fetched. */
  receive(entries, { live = true } = {}) {
    if (!this.#fromNewest) return this.#tellOfNewer(entries);
    const ready = this.#ledger.take(entries);
    for (const entry of ready) this.#add(entry, live);
    if (this.#ledger.hole && !this.#filling) this.#fill().catch(() => {});
    return ready.length;
  }

  /** Show who came and went. */
  presence(change) {
    this.#people.change(change);
    for (const person of change.left) this.#typing.stop(person.id);
    if (this.#fromNewest) this.#comings.tell(change);
  }

  /** Say that the reader is no member any more, and how to come in again. What they write stays. */
  left(why) {
    if (!this.#membership.end(why)) return;
    this.#outbox.refuse("You left this room before it was sent.");
    this.#people.remove(this.#own);
    this.status();
  }

  /** Say that there is no such room any more. */
  gone(why) {
    this.#outbox.refuse("This room is no longer here.");
    this.#membership.close(`${why} Copy what you want to keep.`);
    this.status();
  }

  /** Show who types. */
  typing(change) {
    if (change.user.id !== this.#own.id) this.#typing.change(change);
  }

  /** Be a member before something is said. */
  async #comeIn() {
    this.wanted = !this.member;
    if (this.wanted) await this.join({ again: false });
  }

  #begin() {
    const feed = this.main.querySelector("[data-feed]");
    this.#scroller = new Scroller(feed, this.main.querySelector("[data-jump]"), () =>
      this.dispatchEvent(new Event("seen")),
    );
    const line = this.#timeline.markNew(this.#read, this.#own.id);
    if (line) {
      this.#scroller.toBottom();
      this.#scroller.to(line);
    }
    const older = this.main.querySelector("[data-older]");
    if (older) {
      this.#near = new IntersectionObserver(([seen]) => seen.isIntersecting && this.member && this.#older(older), {
        root: feed,
        rootMargin: "600px",
      });
      this.#near.observe(older);
      older.addEventListener("click", (event) => {
        if (!this.member) return;
        event.preventDefault();
        this.#older(older);
      });
    }
    this.main.querySelector("[data-entries]").addEventListener("click", (event) => this.#clicked(event));
  }

  #send(text) {
    const id = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;
    this.#outbox.add({ id, text, at: Date.now() });
    this.#scroller.toBottom();
  }

  /** Show what is in the outbox after what is in the log, and nothing else there. */
  #showPending() {
    this.#timeline.showPending(this.#outbox.messages, this.#own);
  }

  /** What was sent stands in the log. Where it is shown already, or lies before what is, no entry will come for it. */
  #sent({ id, answer }) {
    const { epoch, seq } = this.position;
    if (answer.epoch === epoch && answer.seq <= seq) this.#timeline.discard(id);
  }

  #clicked({ target }) {
    const element = target.closest("[data-entry]");
    if (target.matches("[data-discard]")) this.#outbox.discard(element.dataset.id);
    if (target.matches("[data-retry]")) this.#outbox.retry(element.dataset.id);
  }

  #add(entry, live) {
    const element = this.#timeline.upsert(entry);
    if (!element) return;
    this.#typing.stop(entry.user.id);
    if (live) element.classList.add("fresh");
    if (entry.user.id !== this.#own.id) this.#scroller?.count(element);
    if (this.#scroller?.atBottom) this.#scroller.toBottom();
    if (live) this.dispatchEvent(new CustomEvent("message", { detail: entry }));
  }

  /** Take up the room from where it is here, and the answer's entries. Returns the answer, and how many entries were `shown`. */
  async #compare() {
    const from = this.#fromNewest ? { after: this.position, limit: PAGE } : { limit: 0 };
    const answer = await this.#connection.call("join", { room: this.name, renew: !this.wanted, ...from });
    this.wanted = false;
    this.#membership.begin();
    this.status();
    this.dispatchEvent(new CustomEvent("joined", { detail: answer }));
    this.#people.reset(answer.people);
    if (!answer.reset) return { ...answer, shown: this.receive(answer.entries, { live: false }) };
    this.#reset(answer);
    return { ...answer, shown: 0 };
  }

  /** Fetch what stands between the last entry shown and the newest, after whatever is being fetched. Returns how many were shown. */
  #fill() {
    const filled = this.#filled.then(() => this.#fetchNewer());
    this.#filling += 1;
    this.#filled = filled.catch(() => {}).finally(() => (this.#filling -= 1));
    return filled;
  }

  async #fetchNewer() {
    let count = 0;
    for (let complete = false; !complete;) {
      const { epoch, seq } = this.position;
      const page = await this.#page({ after: seq, limit: PAGE });
      const ready = this.#ledger.take(page.entries);
      for (const entry of ready) this.#add(entry, false);
      count += ready.length;
      complete = page.complete || page.epoch !== epoch || this.#ledger.high === seq;
      if (complete && this.#ledger.hole) {
        // What is missing was trimmed meanwhile: the newest page is all there is.
        const answer = await this.#compare();
        count += answer.shown;
        complete = answer.complete;
      }
    }
    return count;
  }

  /** A page of the log. What was refused for a moment is asked again after it, for as long as there is a connection. */
  async #page(part) {
    for (;;) {
      try {
        return await this.#connection.call("history", { room: this.name, ...part });
      } catch (error) {
        if (!error.passing || error.code === "offline") throw error;
        await new Promise((resolve) => setTimeout(resolve, 1000 * Math.max(error.retryAfter, 0.5)));
      }
    }
  }

  async #older(link) {
    if (this.#paging || !link.isConnected) return;
    this.#paging = true;
    try {
      const page = await this.#page({ before: this.#ledger.low, limit: OLDER });
      const entries = this.#ledger.takeOlder(page.entries);
      this.#scroller.keep(this.#timeline.entries[0], () => {
        for (const entry of entries.reverse()) this.#timeline.upsert(entry);
        if (page.complete || !entries.length) link.replaceWith(beginning(this.name));
      });
      // A page of few entries may leave the link as near as it was: it is looked at anew.
      this.#near.unobserve(link);
      if (link.isConnected) this.#near.observe(link);
    } catch (error) {
      if (!error.passing) throw error;
    } finally {
      this.#paging = false;
    }
  }

  #reset({ epoch, head, entries }) {
    this.#timeline.clear();
    const high = entries.at(-1)?.seq ?? head;
    this.#ledger = new Ledger(epoch, entries[0]?.seq ?? high + 1, high);
    for (const entry of entries) this.#timeline.upsert(entry);
    this.#showPending();
    this.#timeline.notice("The conversation did not go on from where you were. These are its newest messages.");
    this.#scroller?.toBottom();
  }

  #tellOfNewer(entries) {
    const link = this.main.querySelector("[data-newer]");
    if (entries.length && link) link.textContent = "Later messages, and new ones";
    return 0;
  }

  #say(words) {
    const element = this.main.querySelector("[data-caught-up]");
    element.textContent = words;
    setTimeout(() => element.textContent === words && element.replaceChildren(), CAUGHT_UP_FOR);
  }
}

function beginning(name) {
  const element = clone("beginning");
  slot(element, "name").textContent = name;
  return element;
}
