import { clone, slot } from "../lib/templates.js";
import { dayName, dayOf } from "../lib/times.js";
import { drawn } from "./entry.js";

/**
 * The elements that are to stand on the page, in order: entries, a line above each day, the line of what is new, notices, and copies
 * of what is on its way. Which entries lead a run follows from them.
 *
 * @param {object[]} entries the entries to draw; each gets its `element`, and the first of a day its `day`
 * @param {object | null} above the entry before them
 * @param {{after: number, element: Element}[]} notices each after the entry with the `seq` that it names
 * @param {{entry: object | null, element: Element}} newLine the line of what is new, and the entry that it stands above
 * @param {Iterable<object> | null} pending what is on its way; null where the entries do not reach to the newest
 * @param {number} run within how many ms a message joins the run above it
 */
export function rows({ entries, above, notices, newLine, pending, run }) {
  const drawing = [];
  let last = above;
  let next = notices.findIndex(({ after }) => after >= (above?.seq ?? 0));
  if (next < 0) next = notices.length;
  // Puts the notices that stand before a `seq`, and returns whether there were some.
  const putNotices = (before) => {
    const from = next;
    for (; notices[next]?.after < before; next += 1) drawing.push(notices[next].element);
    return next > from;
  };
  const put = (entry, parted) => {
    entry.element ??= drawn(entry);
    entry.element.classList.toggle("lead", parted || !last || !follows(entry, last, run));
    drawing.push(entry.element);
    last = entry;
  };
  for (const entry of entries) {
    let parted = putNotices(entry.seq);
    if (last && date(last) === date(entry)) entry.day = null;
    else {
      drawing.push((entry.day ??= dayLine(entry.at)));
      parted = true;
    }
    if (entry === newLine.entry) {
      drawing.push(newLine.element);
      parted = true;
    }
    put(entry, parted);
  }
  if (pending) {
    let parted = putNotices(Infinity);
    for (const copy of pending) {
      // By its own clock, which may differ from the log's: no day line until its entry comes.
      put(copy, parted);
      parted = false;
    }
  }
  return drawing;
}

/** Have a list hold these elements, in order, moving as few as it can. */
export function place(list, elements) {
  const kept = new Set(elements);
  for (const node of [...list.children]) if (!kept.has(node)) node.remove();
  let next = list.firstElementChild;
  for (const element of elements) {
    if (element === next) next = next.nextElementSibling;
    else list.insertBefore(element, next);
  }
}

function follows(entry, above, run) {
  return above.user.id === entry.user.id && entry.at - above.at <= run;
}

function date(entry) {
  return (entry.date ??= dayOf(entry.at));
}

function dayLine(at) {
  const line = clone("day");
  line.dataset.day = dayOf(at);
  slot(line, "label").textContent = dayName(at);
  return line;
}
