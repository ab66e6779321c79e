const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const date = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const dateAndYear = new Intl.DateTimeFormat(undefined, {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
});
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

const TRUSTED = 2 * 60 * 1000;

let ahead = 0;

/** Note the time of the server's clock: it says what day it is where the reader's own clock is wrong. */
export function learn(at) {
  const difference = at - Date.now();
  ahead = Math.abs(difference) < TRUSTED ? 0 : difference;
}

/** What time it is, in ms. */
export const now = () => Date.now() + ahead;

/** How many ms it is until the next day begins. */
export function untilTomorrow() {
  const tomorrow = new Date(now());
  tomorrow.setHours(24, 0, 0, 0);
  return tomorrow - now();
}

/** The day of a time (ms) in the reader's zone, as a key. */
export function dayOf(at) {
  const day = new Date(at);
  return `${day.getFullYear()}-${day.getMonth() + 1}-${day.getDate()}`;
}

/** What a day is called: today and yesterday by their names. */
export function dayName(at) {
  const today = now();
  const yesterday = new Date(today);
  yesterday.setDate(yesterday.getDate() - 1);
  if (dayOf(at) === dayOf(today)) return capitalised(relative.format(0, "day"));
  if (dayOf(at) === dayOf(yesterday)) return capitalised(relative.format(-1, "day"));
  const thisYear = new Date(at).getFullYear() === new Date(today).getFullYear();
  return capitalised((thisYear ? date : dateAndYear).format(at));
}

/** Show a time in a `<time>`, in the reader's zone and language. */
export function show(element, at) {
  element.dateTime = new Date(at).toISOString();
  element.textContent = clock.format(at);
  element.title = full.format(at);
}

const capitalised = (text) => text.charAt(0).toLocaleUpperCase() + text.slice(1);
