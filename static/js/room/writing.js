import { now } from "../lib/times.js";
import { Outbox } from "../net/outbox.js";
import { Composer } from "./composer.js";

const LONG = 3000;

/** What the reader writes in a room: it goes from the composer to the outbox, and its copy stands in the feed until it is sent. */
export class Writing {
  outbox;
  #feed;
  #composer;
  #timer = 0;

  /**
   * @param {HTMLElement} main the room as the server has drawn it
   * @param {import("../net/connection.js").Connection} connection
   * @param {import("../feed/feed.js").Feed} feed
   * @param {{onTyping: (on: boolean) => void, ready: () => Promise<void>}} room `ready` is called before something is sent
   */
  constructor(main, connection, feed, { onTyping, ready }) {
    const { room, own } = main.dataset;
    this.#feed = feed;
    this.outbox = new Outbox(connection, room, own, ready);
    this.outbox.addEventListener("change", () => this.show());
    const onSend = (text) => this.#send(text);
    this.#composer = new Composer(main.querySelector("[data-composer]"), { room, onSend, onTyping });
    main.addEventListener("click", ({ target }) => this.#clicked(target));
    this.show();
  }

  focus() {
    this.#composer.focus();
  }

  /** Show what is on its way; of what takes long, also why. */
  show() {
    clearTimeout(this.#timer);
    const { messages, waitsFor } = this.outbox;
    const since = now() - LONG;
    this.#feed.showPending(messages.map((each) => (each.at <= since ? { ...each, waitsFor } : each)));
    if (messages.some(({ reason }) => !reason)) this.#timer = setTimeout(() => this.show(), LONG);
  }

  /** Give way to another page of the same room. */
  close() {
    this.outbox.close();
    clearTimeout(this.#timer);
  }

  /** Send nothing from here any more; of what is waiting, say the reason, if one is given. What is written stays on the page. */
  end(reason) {
    this.close();
    this.#composer.close();
    if (!reason) return;
    this.#feed.showPending(this.outbox.messages.map((message) => ({ ...message, reason: message.reason ?? reason })));
  }

  #send(text) {
    const id = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;
    this.outbox.add({ id, text, at: now() });
    this.#feed.toBottom();
  }

  #clicked(target) {
    const { id } = target.closest("[data-entry]")?.dataset ?? {};
    if (target.matches("[data-discard]")) this.outbox.discard(id);
    else if (target.matches("[data-retry]")) this.outbox.retry(id);
    else return;
    this.focus();
  }
}
