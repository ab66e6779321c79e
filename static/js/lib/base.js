/** The path that the chat lives below, empty for none: a proxy may serve it beside something else. */
export const { base = "" } = document.documentElement.dataset;
