/** The path that a proxy serves the chat below, or "". */
export const { base = "" } = document.documentElement.dataset;

/** The path of a room. */
export const pathOf = (room) => `${base}/rooms/${encodeURIComponent(room)}`;
