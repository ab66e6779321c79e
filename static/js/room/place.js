import { own } from "../lib/storage.js";

/** Where the reader was in a room when they left the page, so that a reload or the way back leads there. */

const key = (room) => `place:${room}`;

/** Keep a place `{seq, below}`, or none, for when this page comes back. */
export function keep(room, place) {
  if (place) own.set(key(room), JSON.stringify(place));
  else own.remove(key(room));
}

/** The place that was kept, if the reader came back to the page. It is forgotten with that. */
export function kept(room) {
  const [how] = performance.getEntriesByType("navigation");
  const place = JSON.parse(own.get(key(room)));
  own.remove(key(room));
  return ["reload", "back_forward"].includes(how?.type) ? place : null;
}
