import { slot } from "../lib/templates.js";

/** Copy a selection of several entries of a feed as lines of `name time text`. */
export function listen(feed) {
  feed.addEventListener("copy", (event) => {
    const selection = document.getSelection();
    const entries = [...feed.querySelectorAll("[data-entry]")].filter((entry) => selection.containsNode(entry, true));
    if (entries.length < 2) return;
    const range = selection.getRangeAt(0);
    event.clipboardData.setData("text/plain", entries.map((entry) => line(entry, range)).join("\n"));
    event.preventDefault();
  });
}

function line(entry, range) {
  const said = [slot(entry, "name").textContent, slot(entry, "time").textContent, selected(slot(entry, "text"), range)];
  return said.filter(Boolean).join(" ");
}

/** What of an element's text lies within a range. */
function selected(element, range) {
  const part = document.createRange();
  part.selectNodeContents(element);
  if (part.comparePoint(range.startContainer, range.startOffset) === 0) {
    part.setStart(range.startContainer, range.startOffset);
  }
  if (part.comparePoint(range.endContainer, range.endOffset) === 0) part.setEnd(range.endContainer, range.endOffset);
  return part.toString();
}
