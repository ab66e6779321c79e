import { draw } from "../lib/faces.js";
import { clone, slot } from "../lib/templates.js";
import { linked } from "../lib/text.js";
import { show } from "../lib/times.js";
import { fold } from "./folding.js";

/** The element of an entry `{seq?, id, user, text, at}`; without `seq` it is on its way. */
export function drawn({ seq, id, user, text, at }) {
  const element = clone("entry");
  draw(slot(element, "face"), user);
  slot(element, "name").textContent = user.name;
  slot(element, "text").replaceChildren(...linked(text));
  fold(element, text);
  Object.assign(element.dataset, { id, user: user.id });
  if (seq) number(element, seq);
  else element.append(clone("unsent"));
  stamp(element, at);
  return element;
}

/** Make an entry that was on its way one of the log. */
export function settle(element, seq, at) {
  number(element, seq);
  slot(element, "unsent").remove();
  stamp(element, at);
}

/** Show below an entry that is on its way why it was refused, or what it waits for if that takes long. */
export function mark(element, reason, waitsFor) {
  element.dataset.state = reason ? "failed" : "pending";
  slot(element, "failure").hidden = !reason;
  slot(element, "reason").textContent = reason;
  slot(element, "waiting").hidden = Boolean(reason) || !waitsFor;
  slot(element, "waiting").textContent = waitsFor;
}

/** The entry that the server has drawn as this element. */
export function read(element) {
  const { seq, id, user, at } = element.dataset;
  const text = slot(element, "text").textContent;
  show(slot(element, "time"), Number(at));
  fold(element, text);
  return {
    seq: Number(seq),
    id,
    user: { id: user, name: slot(element, "name").textContent },
    text,
    at: Number(at),
    element,
  };
}

function number(element, seq) {
  element.id = `m-${seq}`;
  Object.assign(element.dataset, { seq, state: "sent" });
}

function stamp(element, at) {
  element.dataset.at = at;
  show(slot(element, "time"), at);
}
