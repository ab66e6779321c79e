import { clone, slot } from "../lib/templates.js";

const LINES = 40;
const COLUMNS = 72;

/** Fold the text of an entry if it has very many lines, with a button that shows all of it. */
export function fold(element, text) {
  if (!isLong(text)) return;
  const folded = slot(element, "text");
  folded.dataset.folded = "";
  folded.after(clone("unfold"));
}

/**
 * Have the entries of a feed unfold and fold again. Nothing above moves by it.
 * @param {Element} feed
 * @param {import("./scroller.js").Scroller} scroller
 */
export function listen(feed, scroller) {
  feed.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-unfold]");
    if (!button) return;
    const text = button.previousElementSibling;
    const all = "folded" in text.dataset;
    scroller.rest();
    show(text, all);
    const entry = text.closest("[data-entry]");
    // Its beginning, which is what is left, may be far above.
    if (!all && scroller.isAbove(entry)) scroller.to(entry);
  });
  // The browser scrolls within a folded text to what was searched for or has the focus: then all of it is wanted.
  feed.addEventListener(
    "scroll",
    ({ target }) => {
      if (!target.matches?.("[data-folded]")) return;
      const { scrollTop } = target;
      scroller.rest();
      show(target, true);
      feed.scrollTop += scrollTop;
    },
    true,
  );
}

function show(text, all) {
  text.toggleAttribute("data-folded", !all);
  const button = text.nextElementSibling;
  button.setAttribute("aria-expanded", String(all));
  slot(button, "label").textContent = all ? "Show less" : "Show all";
}

function isLong(text) {
  if (text.length < LINES) return false;
  let lines = 0;
  for (const line of text.split("\n")) lines += Math.max(1, Math.ceil(line.length / COLUMNS));
  return lines > LINES;
}
