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

/** The day of a moment (ms) in the reader's zone, as a key. */
export function dayOf(at) {
  const day = new Date(at);
  return `${day.getFullYear()}-${day.getMonth() + 1}-${day.getDate()}`;
}

/** What a day is called: today and yesterday by their names. */
export function dayName(at, now = Date.now()) {
  const yesterday = new Date(now);
  yesterday.setDate(yesterday.getDate() - 1);
  if (dayOf(at) === dayOf(now)) return capitalised(relative.format(0, "day"));
  if (dayOf(at) === dayOf(yesterday)) return capitalised(relative.format(-1, "day"));
  const thisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return capitalised((thisYear ? date : dateAndYear).format(at));
}

/** Show a moment in a `<time>`, in the reader's zone and language. */
export function show(element, at) {
  element.dateTime = new Date(at).toISOString();
  element.textContent = clock.format(at);
  element.title = full.format(at);
}

const capitalised = (text) => text.charAt(0).toLocaleUpperCase() + text.slice(1);
