/** The path that a proxy serves the chat below, or "". */
export const { base = "" } = document.documentElement.dataset;
