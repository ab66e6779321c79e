/**
 * What is on its way to one room, in the order written. One message is sent at a time, each under an id of its own until it is
 * answered: a repeat is answered with the first, so nothing stands twice.
 */
export class Outbox {
  #connection;
  #room;
  #show;
  #waiting = [];
  #sending = false;
  #timer = 0;

  /**
   * @param {import("./connection.js").Connection} connection
   * @param {string} room
   * @param {(id: string, reason: string) => void} show told why a message failed, or `""` that it is on its way
   */
  constructor(connection, room, show) {
    this.#connection = connection;
    this.#room = room;
    this.#show = show;
    connection.addEventListener("live", () => this.#send());
  }

  /** Send a message `{id, text}` after those before it. */
  add(message) {
    this.#waiting.push(message);
    this.#show(message.id, "");
    this.#send();
  }

  async #send() {
    clearTimeout(this.#timer);
    if (this.#sending) return;
    this.#sending = true;
    while (this.#waiting.length) {
      const { id, text } = this.#waiting[0];
      try {
        await this.#connection.call("sendMessage", { room: this.#room, msg: text, id });
      } catch (error) {
        if (error.passing) {
          this.#again(error);
          break;
        }
        this.#show(id, error.message);
      }
      this.#waiting.shift();
    }
    this.#sending = false;
  }

  #again(error) {
    // Without a connection, the next one sends.
    if (error.code === "offline") return;
    this.#timer = setTimeout(() => this.#send(), 1000 * Math.max(error.retryAfter, 0.5));
  }
}
