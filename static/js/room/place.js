import { own } from "../lib/storage.js";

/** Where the reader was in a room when the page was left, so that a reload, or coming back to the page, leads there. */

const key = (room) => `place:${room}`;

/** Keep a place `{seq, below}`, or none, for when this page comes back. */
export function keep(room, place) {
  if (place) own.set(key(room), JSON.stringify(place));
  else own.remove(key(room));
}

/** The place that was kept, if the page came back to it; it is told once. */
export function kept(room) {
  const [how] = performance.getEntriesByType("navigation");
  const place = JSON.parse(own.get(key(room)));
  own.remove(key(room));
  return ["reload", "back_forward"].includes(how?.type) ? place : null;
}
