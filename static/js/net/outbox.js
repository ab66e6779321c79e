/**
 * What is on its way to one room, in the order written.
 *
 * Each message is kept in localStorage before anything else happens to it, as only that can be written in the same breath as the
 * field is emptied; so a reload, a closed tab or a dead battery loses nothing. All tabs share the list, and the one that holds the
 * lock sends: one message at a time, each under an id of its own, so that a repeat is answered with the first and stands once.
 */
export class Outbox extends EventTarget {
  #connection;
  #room;
  #key;
  #timer = 0;
  #ready;

  /**
   * Dispatches `sent` with `{id, answer}` as `detail`, `outside` when this is not the writer's room, and `change` when the list changed in any tab.
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
    connection.addEventListener("live", () => this.send());
    window.addEventListener("storage", ({ key }) => key === this.#key && this.dispatchEvent(new Event("change")));
  }

  /** What is waiting or was refused: `{id, text, at, reason?}`, in the order written. */
  get messages() {
    return JSON.parse(localStorage.getItem(this.#key) ?? "[]");
  }

  /** Send a message `{id, text, at}` after those before it. */
  add(message) {
    this.#write([...this.messages, message]);
    this.send();
  }

  /** Try again what was refused. */
  retry(id) {
    this.#update(id, { reason: undefined });
    this.send();
  }

  /** Forget a message. */
  discard(id) {
    this.#write(this.messages.filter((message) => message.id !== id));
  }

  /** Send nothing of what is waiting unless it is tried again. */
  refuse(reason) {
    if (this.#next) this.#write(this.messages.map((message) => ({ ...message, reason: message.reason ?? reason })));
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
        this.discard(id);
        this.dispatchEvent(new CustomEvent("sent", { detail: { id, answer } }));
      } catch (error) {
        if (error.passing) {
          this.#again(error);
          return;
        }
        this.#update(id, { reason: error.message });
        if (error.code === "room_not_found") this.dispatchEvent(new Event("outside"));
      }
    }
  }

  get #next() {
    return this.messages.find((message) => !message.reason);
  }

  /** Take over what was written in this browser under a name that the chat lost: it is not sent in another unasked. */
  #adopt(ending) {
    const others = Object.keys(localStorage).filter(
      (key) => key.startsWith("outbox:") && key.endsWith(ending) && key !== this.#key,
    );
    for (const key of others) {
      const written = JSON.parse(localStorage.getItem(key));
      const reason = "You wrote this before you came in anew.";
      this.#write([...this.messages, ...written.map((message) => ({ ...message, reason }))]);
      localStorage.removeItem(key);
    }
  }

  #again(error) {
    // Without a connection, the next one sends.
    if (error.code === "offline") return;
    this.#timer = setTimeout(() => this.send(), 1000 * Math.max(error.retryAfter, 0.5));
  }

  #update(id, change) {
    this.#write(this.messages.map((message) => (message.id === id ? { ...message, ...change } : message)));
  }

  #write(messages) {
    if (messages.length) localStorage.setItem(this.#key, JSON.stringify(messages));
    else localStorage.removeItem(this.#key);
    this.dispatchEvent(new Event("change"));
  }
}
