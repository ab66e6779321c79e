import { base } from "./lib/base.js";

/**
 * Moving between rooms without leaving the page: the connection stays, and each room that was visited keeps its feed, its place and
 * its draft. A room's page is fetched as the server draws it; where that fails, the link is followed as any other.
 */
export class Navigation {
  #make;
  #onShow;
  #visited = new Map();
  #current;

  /**
   * @param {import("./room.js").Room} first the room that the page came with
   * @param {(main: HTMLElement, aside: HTMLElement) => import("./room.js").Room} make
   * @param {(room: import("./room.js").Room, how: {isNew: boolean, chosen: boolean}) => void} onShow
   */
  constructor(first, make, onShow) {
    this.#make = make;
    this.#onShow = onShow;
    this.#current = first;
    this.#visited.set(first.name, first);
    document.addEventListener("click", (event) => this.#clicked(event));
    window.addEventListener("popstate", () => this.#go(location.pathname, false));
  }

  /** The room that is shown. */
  get current() {
    return this.#current;
  }

  /** A room that was visited, whether it is shown or not. */
  visited(name) {
    return this.#visited.get(name);
  }

  /** All rooms that were visited. */
  get all() {
    return [...this.#visited.values()];
  }

  #clicked(event) {
    const link = event.target.closest("a[data-room-link]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this.#go(link.pathname, true);
  }

  /** Forget a room that is not there any more. */
  forget(name) {
    this.#visited.delete(name);
  }

  async #go(path, chosen) {
    const name = decodeURIComponent(path.slice(base.length).split("/")[2] ?? "");
    const known = this.#visited.get(name);
    if (known === this.#current) {
      this.#onShow(known, { isNew: false, chosen });
      return;
    }
    const room = known ?? (await this.#fetch(path).catch(() => null));
    if (!room) {
      location.assign(path);
      return;
    }
    this.#visited.set(room.name, room);
    if (chosen) history.pushState(null, "", path);
    this.#show(room, { isNew: !known, chosen });
  }

  async #fetch(path) {
    const answer = await fetch(path, { headers: { Accept: "text/html" }, redirect: "error" });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return this.#make(
      document.adoptNode(page.getElementById("room")),
      document.adoptNode(page.getElementById("people")),
    );
  }

  #show(room, how) {
    const previous = this.#current;
    previous.hide();
    this.#current = room;
    previous.main.replaceWith(room.main);
    previous.aside.replaceWith(room.aside);
    this.#onShow(room, how);
  }
}
