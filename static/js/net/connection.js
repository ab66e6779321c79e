import { io } from "socket.io-client";
import { base } from "../lib/base.js";
import { ChatError } from "./errors.js";

const ANSWER_WITHIN = 8000;
const DOUBT_AFTER = 2500;
const TEST_WITHIN = 2500;
const PATIENCE = 2500;

/**
 * The one connection of this page, whichever room it shows.
 *
 * A connection can die unnoticed: a laptop slept, a router forgot it. So whenever there is reason for doubt (the network came back, the
 * page is looked at again, an answer is late) it is tested, and replaced if it does not answer.
 *
 * Dispatches `status` when `status` changed, `live` on each (re)connect, and each event of the server under its own name with the
 * payload as `detail`.
 */
export class Connection extends EventTarget {
  /** @type {"connecting" | "live" | "offline" | "closed"} */
  status = "connecting";
  #socket;
  #patience = null;
  #testing = false;

  constructor() {
    super();
    this.#socket = io({
      path: `${base}/socket.io/`,
      transports: ["websocket"],
      // Full jitter, from nothing to twice the delay: when a server comes back, its clients do not all return in the same second.
      reconnectionDelay: 1500,
      reconnectionDelayMax: 5000,
      randomizationFactor: 1,
      timeout: 8000,
    });
    this.#socket.on("connect", () => {
      this.#become("live");
      this.dispatchEvent(new Event("live"));
    });
    this.#socket.on("disconnect", (reason) => {
      this.#away();
      // The one reason after which the client does not come back by itself.
      if (reason === "io server disconnect") this.#socket.connect();
    });
    this.#socket.on("connect_error", ({ data }) => {
      this.#away();
      // After an answer that refuses it, the client does not come back by itself.
      if (!this.#socket.active) setTimeout(() => this.#socket.connect(), 1000 * (data?.retry_after ?? 5));
    });
    this.#socket.onAny((event, payload) => this.dispatchEvent(new CustomEvent(event, { detail: payload })));
    window.addEventListener("online", () => this.#test());
    window.addEventListener("offline", () => this.#drop());
    window.addEventListener("pageshow", ({ persisted }) => persisted && this.#test());
    document.addEventListener("visibilitychange", () => document.hidden || this.#test());
  }

  /**
   * Send an event, and return its answer.
   * @throws {ChatError} it was refused, or not answered
   */
  async call(event, payload) {
    if (!this.#socket.connected) throw unanswered("offline", "There is no connection.");
    let answer;
    const doubt = setTimeout(() => this.#test(), DOUBT_AFTER);
    try {
      answer = await this.#socket.timeout(ANSWER_WITHIN).emitWithAck(event, payload);
    } catch {
      throw unanswered("timeout", "The server did not answer.");
    } finally {
      clearTimeout(doubt);
    }
    if (!answer.ok) throw new ChatError(answer.error);
    return answer;
  }

  /** End it for good. */
  close() {
    this.#socket.off();
    this.#socket.close();
    clearTimeout(this.#patience);
    this.#become("closed");
  }

  async #test() {
    if (this.#testing || !this.#socket.active) return;
    this.#testing = true;
    const { engine } = this.#socket.io;
    try {
      if (!this.#socket.connected) throw new Error("not connected yet: try anew");
      await this.#socket.timeout(TEST_WITHIN).emitWithAck("ping", {});
    } catch {
      if (engine === this.#socket.io.engine) this.#socket.disconnect().connect();
    } finally {
      this.#testing = false;
    }
  }

  #drop() {
    // The browser knows that there is no network long before a heartbeat is missed.
    if (this.#socket.connected) this.#socket.io.engine.close();
  }

  /** A server that restarts is back in a second, so only a longer absence is shown as offline. */
  #away() {
    if (!navigator.onLine) this.#become("offline");
    else if (this.status === "live") this.#become("connecting");
    this.#patience ??= setTimeout(() => this.#become("offline"), PATIENCE);
  }

  #become(status) {
    if (status !== "connecting") {
      clearTimeout(this.#patience);
      this.#patience = null;
    }
    if (status === this.status) return;
    this.status = status;
    this.dispatchEvent(new Event("status"));
  }
}

function unanswered(code, message) {
  return new ChatError({ code, message, retry_after: 0 });
}
