/** What the server refused, or what kept it from answering. Codes are those of docs/protocol.md, and `offline`, `timeout`. */
export class ChatError extends Error {
  /** @param {{code: string, message: string, retry_after?: number}} error `retry_after` in seconds, if it may succeed later */
  constructor({ code, message, retry_after: seconds }) {
    super(message);
    this.code = code;
    /** Whether the same request, repeated as it is, may succeed. */
    this.passing = seconds !== undefined;
    /** How many ms to wait before that. */
    this.pause = 1000 * Math.max(seconds ?? 0, 0.5);
  }
}
