/** Where the reader was in a room when the page was left, so that a reload, or coming back to the page, leads there. */

const key = (room) => `place:${room}`;

/** Keep a place `{seq, below}`, or none, for when this page comes back. */
export function keep(room, place) {
  try {
    if (place) sessionStorage.setItem(key(room), JSON.stringify(place));
    else sessionStorage.removeItem(key(room));
  } catch {
    // A browser that keeps nothing: the room opens as on any visit.
  }
}

/** The place that was kept, if the page came back to it; it is told once. */
export function kept(room) {
  const [how] = performance.getEntriesByType("navigation");
  try {
    const place = JSON.parse(sessionStorage.getItem(key(room)));
    sessionStorage.removeItem(key(room));
    return ["reload", "back_forward"].includes(how?.type) ? place : null;
  } catch {
    return null;
  }
}
