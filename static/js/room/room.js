import { short } from "../lib/storage.js";
import { slot } from "../lib/templates.js";
import { learn, now } from "../lib/times.js";
import { Outbox } from "../net/outbox.js";
import { Composer } from "./composer.js";
import { Feed } from "../feed/feed.js";
import { Ledger } from "./ledger.js";
import { Log } from "./log.js";
import { Membership } from "./membership.js";
import { People } from "./people.js";
import { kept } from "./place.js";
import { Typing } from "./typing.js";

const SAID_FOR = 8000;
const LONG = 3000;

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
  /** Whether its reader asked to come in, and is not in yet. */
  wanted = false;
  #connection;
  #own;
  #log;
  #feed;
  #people;
  #typing;
  #composer;
  #outbox;
  #isNewest;
  #membership;
  #goesTo = null;
  #waiting = 0;
  // Why nothing is said from here any more, in a word: "left" or "removed".
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
    this.#listen(main);
    this.#people = new People(aside);
    this.#typing = new Typing(main.querySelector("[data-typing]"));
    this.#outbox = new Outbox(connection, room, own, () => this.#comeIn());
    this.#outbox.addEventListener("change", () => this.#showPending());
    this.#outbox.addEventListener("sent", ({ detail }) => this.#sent(detail));
    this.#outbox.addEventListener("outside", () => this.left());
    this.#outbox.addEventListener("refused", ({ detail }) =>
      this.dispatchEvent(new CustomEvent("refused", { detail })),
    );
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

  /** What is known up to here. */
  get position() {
    return this.#log.position;
  }

  /** The `seq` of the last entry that was in view. */
  get seen() {
    return this.#isNewest ? this.#feed.seen : 0;
  }

  /** Whether it shows the newest entries, and not an older page of them. */
  get isNewest() {
    return this.#isNewest;
  }

  /** How far one reads from here. */
  get place() {
    return this.#feed.place;
  }

  /** Take the place on the page, where it was left, or at the first unread entry. */
  show() {
    this.#feed.show();
    this.status();
    this.focus();
  }

  /** Where one types next, unless that would open the keyboard of a phone. */
  focus() {
    if (this.#feed.isShown && matchMedia("(hover: hover)").matches) this.#composer.focus();
  }

  /** Give the place on the page to another room. */
  hide() {
    this.#feed.hide();
  }

  /** Give way to another page of the same room. */
  close() {
    this.#outbox.close();
    clearTimeout(this.#waiting);
  }

  /** Somebody looks at the page again. */
  lookAgain() {
    this.#feed.lookAgain();
  }

  /** Note that the reader has read up to `seq`, here or elsewhere. */
  noteRead(seq) {
    this.#feed.noteRead(seq);
  }

  /** Say what the connection is like. */
  status() {
    const { status: line } = this.#connection;
    const status = this.#over || (line === "live" && !this.member) ? "outside" : line;
    const labels = { live: "live", outside: "not joined", connecting: "connecting…", offline: "offline" };
    const label = this.#over || labels[status];
    const element = this.main.querySelector("[data-status]");
    element.dataset.status = status;
    slot(element, "label").textContent = label;
    this.main.querySelector("[data-offline]").hidden = status !== "offline";
    this.main.querySelector("[data-short]").hidden = !short.is;
  }

  /**
   * Subscribe, and catch up from where this room is: on each new connection, and when the server asks to compare. Who only comes back
   * becomes no member by it: that takes that they `wanted` to.
   */
  async join({ again }) {
    const how = { renew: !this.wanted, ...(this.#isNewest ? {} : { after: undefined, limit: 0 }) };
    const catchUp = () => this.#log.join(how, (answer) => this.#joined(answer));
    const count = await (again ? this.#feed.catchUp(catchUp) : catchUp());
    if (again && count) this.say(count === 1 ? "Caught up: 1 new message" : `Caught up: ${count} new messages`);
    if (this.#goesTo) await this.#goBack();
    // What could not be asked for without a connection.
    this.#feed.look();
  }

  /** Say something for a while, beside the room's name. */
  say(words) {
    const element = this.main.querySelector("[data-caught-up]");
    element.textContent = words;
    setTimeout(() => element.textContent === words && element.replaceChildren(), SAID_FOR);
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
    if (this.#isNewest) this.#feed.tell(change);
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
    this.#end("removed");
    this.#people.reset({ count: 0, list: [] });
    this.#membership.close(`${why} Copy what you want to keep.`);
    this.status();
  }

  /** Say that the reader is nobody any more. What they wrote stays on the page, to be sent under another name or not at all. */
  signedOut(why) {
    this.#end("left");
    const reason = "You left before it was sent.";
    this.#feed.showPending(this.#outbox.messages.map((message) => ({ ...message, reason: message.reason ?? reason })));
    this.#membership.signOut(why);
    this.status();
  }

  /** Show who types. */
  typing(change) {
    if (change.user.id !== this.#own.id) this.#typing.change(change);
  }

  #listen(main) {
    const { epoch, head } = main.dataset;
    // To who is outside nothing is new: they see it for the first time.
    const read = this.member ? main.dataset.read : head;
    this.#feed = new Feed(main, this.#own, { read: Number(read), head: Number(head) });
    const seqs = [...main.querySelectorAll("[data-entry][data-seq]")].map(({ dataset }) => Number(dataset.seq));
    const high = seqs.at(-1) ?? Number(head);
    const ledger = new Ledger(epoch, seqs[0] ?? high + 1, high);
    this.#log = new Log(this.#connection, this.name, ledger, this.#feed, !main.querySelector("[data-older]"));
    this.#log.addEventListener("message", ({ detail }) => {
      // What stands in the log is sent, also before its answer comes.
      if (detail.user.id === this.#own.id) this.#outbox.discard(detail.id);
      this.dispatchEvent(new CustomEvent("message", { detail }));
    });
    this.#feed.addEventListener("older", () => this.member && this.#log.older());
    this.#feed.addEventListener("seen", () => this.dispatchEvent(new Event("seen")));
    this.#feed.addEventListener("jumped", () => this.focus());
    main.addEventListener("click", (event) => this.#clicked(event));
    this.#goesTo = kept(this.name) ?? (ledger.low > Number(read) + 1 ? { seq: Number(read) + 1 } : null);
    this.#feed.waits = Boolean(this.#goesTo);
  }

  #joined(answer) {
    // The button by which one came in is gone.
    if (this.wanted) this.focus();
    this.wanted = false;
    this.#membership.begin();
    this.status();
    this.dispatchEvent(new CustomEvent("joined", { detail: answer }));
    this.#people.reset(answer.people);
    if (answer.reset) this.#wasReset();
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
    const before = this.place;
    await this.#log.reach(seq);
    this.#feed.waits = false;
    if (!this.#feed.isAt(before)) return;
    if (below === undefined) this.#feed.goToNew();
    else this.#feed.goTo({ seq, below });
  }

  #send(text) {
    const id = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;
    this.#outbox.add({ id, text, at: now() });
    this.#feed.toBottom();
  }

  /** Show what is on its way; of what takes long, also why. */
  #showPending() {
    clearTimeout(this.#waiting);
    const { messages, waitsFor } = this.#outbox;
    const since = now() - LONG;
    this.#feed.showPending(messages.map((each) => (each.at <= since ? { ...each, waitsFor } : each)));
    if (messages.some(({ reason }) => !reason)) this.#waiting = setTimeout(() => this.#showPending(), LONG);
  }

  /** What was sent stands in the log. Where it is shown already, or lies before what is, no entry will come for it. */
  #sent({ id, answer }) {
    learn(answer.at);
    // Where an older page is shown, it stands on the newest.
    if (!this.#isNewest) this.dispatchEvent(new Event("newest"));
    const { epoch, seq } = this.position;
    if (answer.epoch === epoch && answer.seq <= seq) this.#feed.discard(id);
  }

  #clicked(event) {
    const { target } = event;
    const { id } = target.closest("[data-entry]")?.dataset ?? {};
    if (target.matches("[data-discard]")) this.#outbox.discard(id);
    else if (target.matches("[data-retry]")) this.#outbox.retry(id);
    else if (target.matches("[data-older]") && this.member) {
      event.preventDefault();
      this.#log.older();
      return;
    } else return;
    this.#composer.focus();
  }

  /** Say nothing from here any more, for that reason. */
  #end(over) {
    this.#over = this.main.dataset.over = over;
    this.close();
    this.#composer.close();
  }

  #wasReset() {
    this.#showPending();
    this.#feed.notice("The conversation did not go on from where you were. These are its newest messages.");
  }

  #tellOfNewer() {
    const link = this.main.querySelector("[data-newer]");
    if (link) link.textContent = "Later messages, and new ones";
  }
}
