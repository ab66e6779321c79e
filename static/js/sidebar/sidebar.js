import { pathOf } from "../lib/base.js";
import { framed } from "../lib/frames.js";
import { clone, slot } from "../lib/templates.js";

/** The list of rooms: which there are, which one is shown, and how much is unread in each. Dispatches `change` when that is drawn. */
export class Sidebar extends EventTarget {
  #list;
  #changed = new Set();
  // Once a frame, after the feed, so that what is read in the frame in which it comes is never shown as unread.
  #draw = framed(() => this.#drawChanged());

  /** @param {Element} list the `[data-rooms]` element as the server has drawn it */
  constructor(list) {
    super();
    this.#list = list;
  }

  /** The names of the rooms that the reader is a member of. */
  get joined() {
    return this.#links.filter((link) => link.dataset.member === "true").map((link) => link.dataset.roomLink);
  }

  /** Entries unread in all rooms together. */
  get unread() {
    return this.#links.reduce((sum, link) => sum + unread(link), 0);
  }

  /** Note the newest entry of a room, or up to where it was read, whichever is given. */
  update(name, { head = 0, read = 0, member = false }) {
    const link = this.#find(name);
    if (!link) return;
    link.dataset.head = Math.max(head, Number(link.dataset.head));
    link.dataset.read = Math.max(read, Number(link.dataset.read));
    if (member) {
      link.dataset.member = "true";
      link.classList.remove("outside");
    }
    this.#note(link);
  }

  /** Note that the reader is no member of a room any more. */
  leave(name) {
    const link = this.#find(name);
    if (!link) return;
    link.dataset.member = "false";
    link.classList.add("outside");
    this.#note(link);
  }

  /** Take away a room that is not there any more. */
  remove(name) {
    this.#find(name)?.closest("li").remove();
    this.dispatchEvent(new Event("change"));
  }

  /** Replace a room's numbers: its log is another one now. */
  replace(name, { head, read }) {
    const link = this.#find(name);
    if (!link) return;
    Object.assign(link.dataset, { head, read });
    this.#note(link);
  }

  /** Add a room that was made. */
  add({ name }) {
    if (this.#find(name)) return;
    const row = clone("room-row");
    const link = row.querySelector("[data-room-link]");
    Object.assign(link.dataset, { roomLink: name, member: "false", head: 0, read: 0 });
    link.href = pathOf(name);
    link.classList.add("outside");
    slot(link, "name").textContent = name;
    // The default room stands first, the others by name.
    const next = this.#links.slice(1).find((each) => each.dataset.roomLink > name);
    this.#list.insertBefore(row, next?.closest("li") ?? null);
  }

  /** Mark the room that is shown. */
  select(name) {
    for (const link of this.#links) {
      if (link.dataset.roomLink === name) {
        link.setAttribute("aria-current", "page");
        link.scrollIntoView({ block: "nearest" });
      } else {
        link.removeAttribute("aria-current");
      }
    }
  }

  get #links() {
    return [...this.#list.querySelectorAll("[data-room-link]")];
  }

  #find(name) {
    return this.#list.querySelector(`[data-room-link="${CSS.escape(name)}"]`);
  }

  #note(link) {
    this.#changed.add(link);
    this.#draw();
  }

  #drawChanged() {
    const drawn = [...this.#changed].filter(draw);
    this.#changed.clear();
    if (drawn.length) this.dispatchEvent(new Event("change"));
  }
}

/** Show how much is unread in a room, and return whether that changed. */
function draw(link) {
  const count = unread(link);
  const badge = link.querySelector("[data-unread]");
  const words = count > 99 ? "99+" : String(count);
  if (badge.hidden === !count && slot(badge, "count").textContent === words) return false;
  badge.hidden = !count;
  slot(badge, "count").textContent = words;
  return true;
}

function unread({ dataset }) {
  return dataset.member === "true" ? Math.max(0, Number(dataset.head) - Number(dataset.read)) : 0;
}
