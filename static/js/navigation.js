import { close as closeDrawer } from "./drawer.js";
import { base, pathOf } from "./lib/base.js";

const here = () => location.pathname + location.search;

/** Whether a room is there; without an answer, it is taken to be. */
export async function isThere(name) {
  const answer = await fetch(pathOf(name), { method: "HEAD", redirect: "manual" }).catch(() => null);
  return answer?.status !== 404;
}

/**
 * Moving between rooms without leaving the page: the connection stays, and each room that was visited keeps its feed, its place and
 * its draft. A room's page is fetched as the server draws it; where that fails, the link is followed as any other.
 *
 * The last act counts: a page that is still on its way when the reader goes elsewhere, or goes on typing, is not shown.
 */
export class Navigation {
  #make;
  #onShow;
  #isOffline;
  #visited = new Map();
  #addresses = new WeakMap();
  #current;
  #loading = new AbortController();
  #isLeaving = false;

  /**
   * @param {import("./room/room.js").Room} first the room that the page came with
   * @param {(main: HTMLElement, aside: HTMLElement) => import("./room/room.js").Room} make
   * @param {(room: import("./room/room.js").Room, how: {isNew: boolean, chosen: boolean}) => void} onShow
   * @param {() => boolean} isOffline whether following a link would only lead to the browser's error page
   */
  constructor(first, make, onShow, isOffline) {
    this.#make = make;
    this.#onShow = onShow;
    this.#isOffline = isOffline;
    this.#current = first;
    this.#keep(first, here());
    document.addEventListener("click", (event) => this.#clicked(event));
    document.addEventListener("input", () => this.#stay());
    window.addEventListener("popstate", () => this.#go(here(), false));
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

  /** Forget a room that is not there any more. */
  forget(name) {
    this.#visited.delete(name);
  }

  /** Go from an older page of a room to its newest, if it is shown. */
  toNewest(room) {
    if (room === this.#current) this.#go(pathOf(room.name), true);
  }

  #clicked(event) {
    const link = event.target.closest("a[data-room-link]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this.#go(link.pathname, true);
  }

  /** Somebody who types stays where they are. */
  #stay() {
    if (this.#loading.signal.aborted) return;
    this.#stop();
    this.#push(this.#addresses.get(this.#current));
  }

  #stop() {
    this.#loading.abort();
    if (this.#isLeaving) window.stop();
    this.#isLeaving = false;
  }

  async #go(path, chosen) {
    this.#stop();
    const name = decodeURIComponent(path.slice(base.length).split(/[/?]/)[2] ?? "");
    const known = this.#visited.get(name);
    // An older page of the room is another one than its newest.
    if (known && same(this.#addresses.get(known), path)) {
      this.#show(known, path, { isNew: false, chosen });
      return;
    }
    const loading = (this.#loading = new AbortController());
    const page = await this.#fetch(path, loading.signal).catch(() => null);
    if (loading.signal.aborted) return;
    if (!page && this.#isOffline()) {
      this.#stay();
      closeDrawer();
      this.#current.say(`${name || "That"} can be opened when you are back online`);
      return;
    }
    if (!page) {
      this.#isLeaving = true;
      location.assign(path);
      return;
    }
    loading.abort();
    known?.close();
    const room = this.#make(
      document.adoptNode(page.getElementById("room")),
      document.adoptNode(page.getElementById("people")),
    );
    this.#keep(room, path);
    this.#show(room, path, { isNew: true, chosen });
  }

  async #fetch(path, signal) {
    const answer = await fetch(path, { headers: { Accept: "text/html" }, redirect: "error", signal });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  }

  #keep(room, path) {
    this.#visited.set(room.name, room);
    this.#addresses.set(room, path);
  }

  #show(room, path, how) {
    const previous = this.#current;
    // Going back to where one already is changes nothing.
    if (room === previous && !how.chosen) return;
    closeDrawer();
    if (how.chosen) this.#push(path);
    if (room !== previous) {
      previous.feed.hide();
      this.#current = room;
      previous.main.replaceWith(room.main);
      previous.aside.replaceWith(room.aside);
    }
    this.#onShow(room, how);
  }

  #push(path) {
    if (!same(path, here())) history.pushState(null, "", path);
  }
}

/** Whether two paths are one, however they are encoded. */
function same(path, other) {
  return decodeURIComponent(path) === decodeURIComponent(other);
}
