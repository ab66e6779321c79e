import { length } from "../lib/text.js";
import { Draft } from "./draft.js";

const TELL_LEFT = 200;
const TYPING_AGAIN = 3000;
const TYPING_ENDS = 5000;

/** Where one writes. It grows with the text, keeps a draft for each room, and sends on Enter where there is a keyboard. */
export class Composer {
  #form;
  #field;
  #left;
  #refusal;
  #draft;
  #onTyping;
  #typing = false;
  #isClosed = false;
  #told = 0;
  #idle = 0;

  /**
   * @param {HTMLFormElement} form
   * @param {{room: string, onSend: (text: string) => void, onTyping: (on: boolean) => void}} options
   */
  constructor(form, { room, onSend, onTyping }) {
    this.#form = form;
    this.#field = form.elements.msg;
    this.#left = form.querySelector("[data-left]");
    this.#refusal = form.querySelector("[data-refusal]");
    this.#draft = new Draft(room);
    this.#onTyping = onTyping;
    // A text that came with the page was refused, or written before signing in: it is kept like any draft.
    if (this.#field.value) this.#draft.text = this.#field.value;
    else this.#field.value = this.#draft.text;
    this.#field.addEventListener("input", () => this.#changed());
    this.#field.addEventListener("keydown", (event) => this.#pressed(event));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(onSend);
    });
    this.#measure();
  }

  /** Send nothing from here any more. What is written stays in the field, in this tab alone. */
  close() {
    this.#isClosed = true;
    this.#draft.unshare();
    this.#form.querySelector("[data-send]").disabled = true;
  }

  focus() {
    this.#field.focus({ preventScroll: true });
  }

  #send(onSend) {
    const text = this.#field.value.trimEnd();
    if (this.#isClosed || !text.trim() || this.#over(text)) return this.#measure();
    // The outbox has it before the field is emptied.
    onSend(text);
    this.#field.value = "";
    this.#changed();
    return this.focus();
  }

  #pressed(event) {
    // The Enter that ends a composition is the input method's; Safari sends it after the composition, as key code 229.
    const composing = event.isComposing || event.keyCode === 229;
    const touch = matchMedia("(pointer: coarse) and (hover: none)").matches;
    if (event.key !== "Enter" || event.shiftKey || composing || touch) return;
    event.preventDefault();
    this.#form.requestSubmit();
  }

  #changed() {
    const text = this.#field.value;
    this.#draft.text = text;
    this.#measure();
    this.#tellTyping(Boolean(text.trim()));
  }

  #tellTyping(on) {
    clearTimeout(this.#idle);
    if (on) this.#idle = setTimeout(() => this.#tellTyping(false), TYPING_ENDS);
    if (on === this.#typing && (!on || Date.now() - this.#told < TYPING_AGAIN)) return;
    this.#typing = on;
    this.#told = Date.now();
    this.#onTyping(on);
  }

  #measure() {
    const text = this.#field.value;
    const longest = Number(this.#field.dataset.longest);
    const left = longest - length(text);
    this.#left.hidden = left < 0 || left > TELL_LEFT;
    this.#left.value = String(left);
    this.#refusal.hidden = left >= 0;
    this.#refusal.textContent =
      left < 0 ? `That is ${(-left).toLocaleString()} over the limit of ${longest.toLocaleString()} characters.` : "";
    if (!CSS.supports("field-sizing", "content")) {
      this.#field.style.height = "auto";
      this.#field.style.height = `${this.#field.scrollHeight}px`;
    }
  }

  #over(text) {
    return length(text) > Number(this.#field.dataset.longest);
  }
}
