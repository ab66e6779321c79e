/**
 * What the browser keeps for the chat across reloads: in `shared` for all tabs, in `own` for this tab alone.
 *
 * A browser may have no space, or refuse: nothing here throws. `own` falls back on the page's memory. `short` dispatches `change` when
 * the browser begins or ceases to refuse.
 */

import { base } from "./base.js";

const PREFIXES = ["outbox:", "draft:", "place:"];
// Chats below different paths of one host share the browser's storage.
const OWN = base && `${base} `;

class Area {
  #name;

  /** @param {"localStorage" | "sessionStorage"} name */
  constructor(name) {
    this.#name = name;
  }

  /** The text under a key, or null. */
  get(key) {
    return this.#tried((storage) => storage.getItem(OWN + key)) ?? null;
  }

  /** Keep a text under a key. Returns whether the browser did. */
  set(key, text) {
    return this.#tried((storage) => storage.setItem(OWN + key, text) ?? true) ?? false;
  }

  remove(key) {
    this.#tried((storage) => storage.removeItem(OWN + key));
  }

  /** The keys under which there is something. */
  get keys() {
    const all = this.#tried((storage) => Object.keys(storage)) ?? [];
    return all.filter((key) => key.startsWith(OWN)).map((key) => key.slice(OWN.length));
  }

  /** Call `changed` when another tab changes what is under a key, until `signal` says otherwise. */
  watch(key, changed, { signal }) {
    window.addEventListener("storage", (event) => event.key === OWN + key && changed(), { signal });
  }

  #tried(what) {
    try {
      return what(window[this.#name]);
    } catch {
      return undefined;
    }
  }
}

class Remembering extends Area {
  #memory = new Map();

  get(key) {
    return this.#memory.get(key) ?? super.get(key);
  }

  set(key, text) {
    if (super.set(key, text)) this.#memory.delete(key);
    else this.#memory.set(key, text);
    return true;
  }

  remove(key) {
    this.#memory.delete(key);
    super.remove(key);
  }
}

class Short extends EventTarget {
  #is = false;
  #keys = new Set();
  #warn = (event) => event.preventDefault();

  /** Whether the browser refused to keep what was written last. */
  get is() {
    return this.#is;
  }

  /** Note whether what was written under a key is kept for all tabs. While some is not, leaving the page asks first. */
  note(key, text, isKept) {
    if (isKept || !text) this.#keys.delete(key);
    else this.#keys.add(key);
    if (this.#keys.size) window.addEventListener("beforeunload", this.#warn);
    else window.removeEventListener("beforeunload", this.#warn);
    const is = text ? !isKept : this.#is;
    if (is === this.#is) return;
    this.#is = is;
    this.dispatchEvent(new Event("change"));
  }
}

export const shared = new Area("localStorage");
export const own = new Remembering("sessionStorage");
export const short = new Short();

/** Forget all that was written, here and for all tabs, and nothing else: other programs may share this address. */
export function forget() {
  for (const area of [shared, own]) {
    for (const key of area.keys) if (PREFIXES.some((prefix) => key.startsWith(prefix))) area.remove(key);
  }
}
