import { Feed } from "../feed/feed.js";
import { learn } from "../lib/times.js";
import { Ledger } from "./ledger.js";
import { Log } from "./log.js";
import { Membership } from "./membership.js";
import { People } from "./people.js";
import { kept } from "./place.js";
import { Status } from "./status.js";
import { Typing } from "./typing.js";
import { Writing } from "./writing.js";

/**
 * One room on the page: its feed, composer and people, brought up to date by one connection. It stays what it is while another room
 * is shown in its place.
 *
 * Dispatches `message` with each new entry as `detail`, `seen` when more of it was seen, `wanted` when its reader asks to come in,
 * `joined` with the server's answer as `detail` when they are in, `refused` with the reason when something they wrote was, and
 * `newest` when they go on from an older page to the newest.
 */
export class Room extends EventTarget {
  name;
  main;
  aside;
  feed;
  /** Whether its reader asked to come in, and is not in yet. */
  wanted = false;
  #connection;
  #own;
  #log;
  #people;
  #typing;
  #status;
  #writing;
  #isNewest;
  #membership;
  #goesTo;
  // Why nothing can be said from here any more, in a word: "left" or "removed".
  #over = "";

  /** @param {HTMLElement} main @param {HTMLElement} aside both as the server has drawn them */
  constructor(main, aside, connection) {
    super();
    const { room, own, ownName } = main.dataset;
    this.name = room;
    this.main = main;
    this.aside = aside;
    this.#connection = connection;
    this.#membership = new Membership(main, aside, connection, () => this.dispatchEvent(new Event("wanted")));
    this.#own = { id: own, name: ownName };
    // An older page of the room is for reading: what is new is told of, and stands on the newest page.
    this.#isNewest = !main.querySelector("[data-newer]");
    this.#status = new Status(main);
    this.#people = new People(aside);
    this.#typing = new Typing(main.querySelector("[data-typing]"));
    this.#read();
    this.#write();
  }

  /** Whether the reader is a member. Others only read the room, as it was when its page was drawn. */
  get member() {
    return this.#membership.member;
  }

  /** What is known up to here. */
  get position() {
    return this.#log.position;
  }

  /** The `seq` of the last entry that was in view. */
  get seen() {
    return this.#isNewest ? this.feed.seen : 0;
  }

  /** Take the place on the page, where it was left, or at the first unread entry. */
  show() {
    this.feed.show();
    this.status();
    this.focus();
  }

  /** Where one types next, unless that would open the keyboard of a phone. */
  focus() {
    if (this.feed.viewport.isShown && matchMedia("(hover: hover)").matches) this.#writing.focus();
  }

  /** Give way to another page of the same room. */
  close() {
    this.#writing.close();
  }

  /** Show what the connection is like. */
  status() {
    const { status } = this.#connection;
    this.#status.show(this.#over || (status === "live" && !this.member ? "outside" : status));
  }

  /** Say something for a while, beside the room's name. */
  say(words) {
    this.#status.say(words);
  }

  /**
   * Subscribe, and catch up from where this room is: on each new connection, and when the server asks to compare. That makes nobody a
   * member who did not ask to come in.
   */
  async join({ again }) {
    const how = { renew: !this.wanted, ...(this.#isNewest ? {} : { after: undefined, limit: 0 }) };
    const catchUp = () => this.#log.join(how, (answer) => this.#joined(answer));
    const count = await (again ? this.feed.catchUp(catchUp) : catchUp());
    if (again && count) this.say(count === 1 ? "Caught up: 1 new message" : `Caught up: ${count} new messages`);
    if (this.#goesTo) await this.#goBack();
    // What could not be asked for without a connection.
    this.feed.look();
  }

  /** Take live entries. */
  receive(entries) {
    if (!this.#isNewest) {
      this.#tellOfNewer();
      return;
    }
    this.#log.receive(entries);
    for (const entry of entries) this.#typing.stop(entry.user.id);
  }

  /** Show who came and went. */
  presence(change) {
    this.#people.change(change);
    for (const person of change.left) this.#typing.stop(person.id);
    if (this.#isNewest) this.feed.presence.tell(change);
  }

  /** Show who types. */
  typing(change) {
    if (change.user.id !== this.#own.id) this.#typing.change(change);
  }

  /** Say that the reader is no member any more, and how to come in again. What they write stays. */
  left(why) {
    if (!this.#membership.end(why)) return;
    this.#writing.outbox.refuse("You left this room before it was sent.");
    this.#people.remove(this.#own);
    this.status();
  }

  /** Say that there is no such room any more. */
  gone(why) {
    this.#writing.outbox.refuse("This room is no longer here.");
    this.#end("removed");
    this.#people.reset({ count: 0, list: [] });
    this.#membership.close(`${why} Copy what you want to keep.`);
  }

  /** Say that the reader is signed out. What they wrote stays on the page, to be sent under another name or not at all. */
  signedOut(why) {
    this.#end("left", "You left before it was sent.");
    this.#membership.signOut(why);
  }

  #read() {
    const { main } = this;
    const { epoch, head } = main.dataset;
    // Nothing is new to somebody outside: they see it for the first time.
    const read = this.member ? main.dataset.read : head;
    this.feed = new Feed(main, this.#own, { read: Number(read), head: Number(head) });
    const seqs = [...main.querySelectorAll("[data-entry][data-seq]")].map(({ dataset }) => Number(dataset.seq));
    const high = seqs.at(-1) ?? Number(head);
    const ledger = new Ledger(epoch, seqs[0] ?? high + 1, high);
    this.#log = new Log(this.#connection, this.name, ledger, this.feed, !main.querySelector("[data-older]"));
    this.#log.addEventListener("message", ({ detail }) => {
      // What stands in the log is sent, even if its answer is still to come.
      if (detail.user.id === this.#own.id) this.#writing.outbox.discard(detail.id);
      this.dispatchEvent(new CustomEvent("message", { detail }));
    });
    this.feed.addEventListener("older", () => this.member && this.#log.older());
    this.feed.addEventListener("seen", () => this.dispatchEvent(new Event("seen")));
    this.feed.addEventListener("jumped", () => this.focus());
    main.addEventListener("click", (event) => {
      if (!event.target.matches("[data-older]") || !this.member) return;
      event.preventDefault();
      this.#log.older();
    });
    this.#goesTo = kept(this.name) ?? (ledger.low > Number(read) + 1 ? { seq: Number(read) + 1 } : null);
    this.feed.waits = Boolean(this.#goesTo);
  }

  #write() {
    this.#writing = new Writing(this.main, this.#connection, this.feed, {
      onTyping: (on) => this.member && this.#connection.call("typing", { room: this.name, on }).catch(() => {}),
      ready: () => this.#comeIn(),
    });
    const { outbox } = this.#writing;
    outbox.addEventListener("sent", ({ detail }) => this.#sent(detail));
    outbox.addEventListener("outside", () => this.left());
    outbox.addEventListener("refused", ({ detail }) => this.dispatchEvent(new CustomEvent("refused", { detail })));
  }

  #joined(answer) {
    // The button by which one came in is gone.
    if (this.wanted) this.focus();
    this.wanted = false;
    this.#membership.begin();
    this.status();
    this.dispatchEvent(new CustomEvent("joined", { detail: answer }));
    this.#people.reset(answer.people);
    if (!answer.reset) return;
    this.#writing.show();
    this.feed.notice("The conversation did not go on from where you were. These are its newest messages.");
  }

  /** Be a member before something is said. */
  async #comeIn() {
    this.wanted = !this.member;
    if (this.wanted) await this.join({ again: false });
  }

  /** Go to where the reader was before a reload, or to what is unread, where that is beyond what the page came with. */
  async #goBack() {
    const { seq, below } = this.#goesTo;
    this.#goesTo = null;
    const before = this.feed.place;
    await this.#log.reach(seq);
    this.feed.waits = false;
    if (!this.feed.viewport.isAt(before)) return;
    if (below === undefined) this.feed.goToNew();
    else this.feed.goTo({ seq, below });
  }

  /** Where what was sent is shown already, or lies before what is, no entry will come for it. */
  #sent({ id, answer }) {
    learn(answer.at);
    // It stands on the newest page, also where an older one is shown.
    if (!this.#isNewest) this.dispatchEvent(new Event("newest"));
    const { epoch, seq } = this.position;
    if (answer.epoch === epoch && answer.seq <= seq) this.feed.discard(id);
  }

  /** Say nothing from here any more, as it is `over`; of what is waiting, the reason. */
  #end(over, reason) {
    this.#over = this.main.dataset.over = over;
    this.#writing.end(reason);
    this.status();
  }

  #tellOfNewer() {
    const link = this.main.querySelector("[data-newer]");
    if (link) link.textContent = "Later messages, and new ones";
  }
}
