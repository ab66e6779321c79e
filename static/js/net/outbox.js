import { own as tab, shared, short } from "../lib/storage.js";

/**
 * What is on its way to one room, in the order written.
 *
 * Each message is kept in localStorage before anything else happens to it, as only that can be written in the same breath as the
 * field is emptied; so a reload, a closed tab or a dead battery loses nothing. All tabs share the list, and the one that holds the
 * lock sends: one message at a time, each under an id of its own, so that a repeat is answered with the first and stands once.
 * Where the browser cannot keep a message, this tab alone has it, and sends it all the same.
 */
export class Outbox extends EventTarget {
  #connection;
  #room;
  #key;
  #timer = 0;
  #ready;
  #closed = new AbortController();
  #refused = new Map();
  #tooFast = false;

  /**
   * Dispatches `sent` with `{id, answer}` as `detail`, `refused` with the reason, `outside` when this is not the writer's room, and
   * `change` when the list changed in any tab.
   * @param {import("./connection.js").Connection} connection
   * @param {string} room
   * @param {string} own the id of the person who writes
   * @param {() => Promise<void>} ready what has to be done before something is sent
   */
  constructor(connection, room, own, ready) {
    super();
    this.#connection = connection;
    this.#room = room;
    this.#ready = ready;
    this.#key = `outbox:${own}:${room}`;
    this.#adopt(`:${room}`);
    const { signal } = this.#closed;
    connection.addEventListener("live", () => this.send(), { signal });
    shared.watch(this.#key, () => this.#changed(), { signal });
  }

  /** What is waiting or was refused: `{id, text, at, reason?}`, in the order written. */
  get messages() {
    return [...listed(shared, this.#key), ...listed(tab, this.#key)].map((message) => ({
      ...message,
      // There may have been no space to keep it.
      reason: message.reason ?? this.#refused.get(message.id),
    }));
  }

  /** Begin to send nothing more from here. */
  close() {
    this.#closed.abort();
    clearTimeout(this.#timer);
  }

  /** Why what is waiting is not sent yet, in words. */
  get waitsFor() {
    if (this.#connection.status !== "live") return "Waiting for the connection…";
    return this.#tooFast ? "Waiting: that was a little fast…" : "Waiting for the server…";
  }

  /** Send a message `{id, text, at}` after those before it. */
  add(message) {
    this.#write([...this.messages, message]);
    this.send();
  }

  /** Try again what was refused. */
  retry(id) {
    if (this.#closed.signal.aborted) return;
    this.#refused.delete(id);
    this.#update(id, undefined);
    this.send();
  }

  /** Forget a message. */
  discard(id) {
    this.#write(this.messages.filter((message) => message.id !== id));
  }

  /** Send nothing of what is waiting unless it is tried again. */
  refuse(reason) {
    const waiting = this.messages.filter((message) => !message.reason);
    for (const { id } of waiting) this.#refuse(id, reason);
  }

  /** Send what is waiting, unless another tab does. */
  async send() {
    clearTimeout(this.#timer);
    if (!this.#next || this.#connection.status !== "live") return;
    // There are locks in secure contexts alone. Without them two tabs may both send, and each message still stands once.
    if (!navigator.locks) return this.#sendAll();
    await navigator.locks.request(this.#key, () => this.#sendAll());
  }

  async #sendAll() {
    for (let message = this.#next; message; message = this.#next) {
      const { id, text } = message;
      try {
        await this.#ready();
        const answer = await this.#connection.call("sendMessage", { room: this.#room, msg: text, id });
        this.#tooFast = false;
        this.discard(id);
        this.dispatchEvent(new CustomEvent("sent", { detail: { id, answer } }));
      } catch (error) {
        if (error.passing) {
          this.#again(error);
          return;
        }
        this.#refuse(id, error.message);
        if (error.code === "room_not_found") this.dispatchEvent(new Event("outside"));
      }
    }
  }

  get #next() {
    return this.messages.find((message) => !message.reason);
  }

  /** Take over what was written in this browser under a name that the chat lost. It is not sent under another name unasked. */
  #adopt(ending) {
    const others = shared.keys.filter((key) => key.startsWith("outbox:") && key.endsWith(ending) && key !== this.#key);
    for (const key of others) {
      const reason = "You wrote this under an earlier name.";
      const known = new Set(this.messages.map(({ id }) => id));
      const written = listed(shared, key).filter(({ id }) => !known.has(id));
      if (this.#write([...this.messages, ...written.map((message) => ({ ...message, reason }))])) shared.remove(key);
    }
  }

  #again(error) {
    this.#tooFast = error.code === "too_fast";
    // Without a connection, the next one sends.
    if (error.code === "offline") return;
    this.#timer = setTimeout(() => this.send(), error.pause);
  }

  #refuse(id, reason) {
    this.#refused.set(id, reason);
    this.#update(id, reason);
    this.dispatchEvent(new CustomEvent("refused", { detail: reason }));
  }

  #update(id, reason) {
    this.#write(this.messages.map((message) => (message.id === id ? { ...message, reason } : message)));
  }

  #write(messages) {
    const isKept = this.#keep(messages);
    let rest = [];
    if (isKept) this.#refused.clear();
    else {
      // What stands there already goes on standing there, for all tabs.
      const left = listed(shared, this.#key).filter(({ id }) => messages.some((message) => message.id === id));
      if (!this.#keep(left)) shared.remove(this.#key);
      const kept = new Set(listed(shared, this.#key).map(({ id }) => id));
      rest = messages.filter(({ id }) => !kept.has(id));
    }
    if (rest.length) tab.set(this.#key, JSON.stringify(rest));
    else tab.remove(this.#key);
    short.note(this.#key, messages.length ? "some" : "", isKept);
    this.#changed();
    return isKept;
  }

  #keep(messages) {
    if (messages.length) return shared.set(this.#key, JSON.stringify(messages));
    shared.remove(this.#key);
    return !listed(shared, this.#key).length;
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

function listed(area, key) {
  return JSON.parse(area.get(key) ?? "[]");
}
