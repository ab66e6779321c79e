/** What the server refused, or what kept it from answering. Codes are those of docs/protocol.md, and `offline`, `timeout`. */
export class ChatError extends Error {
  /** @param {{code: string, message: string, retry_after?: number}} error `retry_after` in seconds */
  constructor({ code, message, retry_after: retryAfter = 0 }) {
    super(message);
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request, repeated as it is, may succeed: the server says after how long. */
  get passing() {
    return this.retryAfter > 0 || this.code === "offline" || this.code === "timeout";
  }
}
