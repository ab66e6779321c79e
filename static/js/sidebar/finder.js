import { framed } from "../lib/frames.js";
import { slot } from "../lib/templates.js";

const MANY = 15;

/** Helps in a long list of rooms: a field that finds one, and a button that says how many unread ones are below what is in view. */
export class Finder {
  #list;
  #filter;
  #field;
  #none;
  #unseen;

  /** @param {import("./sidebar.js").Sidebar} sidebar @param {HTMLElement} element the sidebar as the server has drawn it */
  constructor(sidebar, element) {
    this.#list = element.querySelector("[data-rooms]");
    this.#filter = element.querySelector("[data-filter]");
    this.#field = this.#filter.querySelector("input");
    this.#none = element.querySelector("[data-no-rooms]");
    this.#unseen = element.querySelector("[data-unseen]");
    this.#field.addEventListener("input", () => this.#show());
    this.#field.addEventListener("keydown", (event) => this.#pressed(event));
    this.#unseen.addEventListener("click", () => this.#below[0]?.scrollIntoView({ block: "center" }));
    this.#list.addEventListener("click", ({ target }) => target.closest("a") && this.#clear());
    this.#list.addEventListener("scroll", this.#draw, { passive: true });
    sidebar.addEventListener("change", this.#draw);
    new ResizeObserver(this.#draw).observe(this.#list);
    // Rooms that are made later are filtered, too.
    new MutationObserver(() => this.#show()).observe(this.#list, { childList: true });
    this.#show();
  }

  #show() {
    const rows = [...this.#list.children];
    this.#filter.hidden = rows.length < MANY;
    const wanted = folded(this.#field.value.trim());
    for (const row of rows)
      row.hidden = !folded(row.querySelector("[data-room-link]").dataset.roomLink).includes(wanted);
    this.#none.hidden = rows.some((row) => !row.hidden);
    this.#draw();
  }

  #pressed(event) {
    if (event.isComposing) return;
    if (event.key === "Enter") this.#list.querySelector("li:not([hidden]) a")?.click();
    else if (event.key === "Escape" && this.#field.value) this.#clear();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #clear() {
    if (!this.#field.value) return;
    this.#field.value = "";
    this.#show();
  }

  #draw = framed(() => {
    const count = this.#below.length;
    this.#unseen.hidden = !count;
    slot(this.#unseen, "label").textContent = count === 1 ? "1 more unread room" : `${count} more unread rooms`;
  });

  /** The rooms below what is in view that have something unread. */
  get #below() {
    const { bottom } = this.#list.getBoundingClientRect();
    return [...this.#list.querySelectorAll("li:not([hidden]) a:has(> [data-unread]:not([hidden]))")].filter(
      (link) => link.getBoundingClientRect().top >= bottom - 8,
    );
  }
}

/** A name without its case and accents, as people search for it. */
function folded(name) {
  return name
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase();
}
