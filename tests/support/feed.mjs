// A room's page on a connection whose network a test makes up: what is posted in the log reaches the page at once, late, twice, in
// another order, or never.
import { ChatError } from "/static/js/net/errors.js";
import { Room } from "/static/js/room/room.js";

const pristine = document.getElementById("room").cloneNode(true);
const people = document.getElementById("people").cloneNode(true);
let epochs = 0;

class Network extends EventTarget {
  status = "live";
  losesAnswer = false;
  entries = [];
  late = [];
  trimmed = 0;
  most = 200;

  /** With a log that has what the page shows, and before that what it does not. */
  constructor(main) {
    super();
    const { room, epoch, head, own, ownName } = main.dataset;
    Object.assign(this, { room, epoch, own: { id: own, name: ownName } });
    while (this.entries.length < Number(head)) {
      const shown = main.querySelector(`[data-seq="${this.entries.length + 1}"]`);
      this.post(shown?.dataset.id ?? `older ${this.entries.length + 1}`);
    }
  }

  post(id = crypto.randomUUID(), user = { id: "f00d", name: "Someone" }) {
    const known = this.entries.find((entry) => entry.id === id);
    if (known) return known;
    const { room, epoch } = this;
    const entry = { type: "message", room, epoch, seq: this.entries.length + 1, at: Date.now(), id, user, text: id };
    this.entries.push(entry);
    return entry;
  }

  lose() {
    Object.assign(this, { epoch: `epoch ${(epochs += 1)}`, entries: [], trimmed: 0 });
  }

  // As the server does, see docs/protocol.md.
  async call(event, { after, before, limit, id }) {
    await settled();
    if (event === "sendMessage") {
      const entry = this.post(id, this.own);
      this.late.push(entry);
      if (!this.losesAnswer) return entry;
      this.losesAnswer = false;
      throw new ChatError({ code: "offline", message: "lost", retry_after: 0 });
    }
    if (event === "join") return { ...this.page({ after, limit }), people: { count: 0, list: [] }, read: 0 };
    if (event === "history") return this.page({ after: after && { epoch: this.epoch, seq: after }, before, limit });
    return {};
  }

  /** A page may be shorter than asked for, where its entries are long. */
  page({ after, before, limit: asked = 50 }) {
    const limit = Math.min(asked, this.most);
    const kept = this.entries.slice(this.trimmed);
    const answer = { epoch: this.epoch, head: this.entries.length };
    if (before !== undefined) {
      const older = kept.filter((entry) => entry.seq < before);
      return { ...answer, entries: older.slice(-limit), complete: older.length <= limit };
    }
    const reset = after && (after.epoch !== this.epoch || after.seq > this.entries.length || after.seq < this.trimmed);
    if (!after || reset) return { ...answer, entries: limit ? kept.slice(-limit) : [], complete: true, reset };
    const newer = kept.filter((entry) => entry.seq > after.seq);
    return { ...answer, entries: newer.slice(0, limit), complete: newer.length <= limit };
  }
}

/** Do what `steps` say, come back to the room at last, and return what it shows, and what the log has. */
export async function run(steps) {
  localStorage.clear();
  const main = pristine.cloneNode(true);
  const aside = people.cloneNode(true);
  document.getElementById("room").replaceWith(main);
  document.getElementById("people").replaceWith(aside);
  const network = new Network(main);
  const room = new Room(main, aside, network);
  const again = () => room.join({ again: true });
  const composer = main.querySelector("[data-composer]");
  const acts = {
    post: () => room.receive([network.post()]),
    miss: (number) => Array.from({ length: number }, () => network.post()),
    delay: () => network.late.push(network.post()),
    deliver: (seed) => shuffled(network.late.splice(0), seed).forEach((entry) => room.receive([entry])),
    repeat: (number) => network.entries.length && room.receive([network.entries[number % network.entries.length]]),
    older: () => main.querySelector("[data-older]")?.click(),
    trim: (number) => (network.trimmed = Math.min(network.entries.length, network.trimmed + number)),
    lengthen: (number) => (network.most = 1 + (number % 10)),
    join: again,
    loseLog: () => (network.lose(), again()),
    loseAnswer: () => (network.losesAnswer = true),
    write: (number) => ((composer.elements.msg.value = `mine ${number}`), composer.requestSubmit()),
  };
  room.show();
  for (const [act, number] of steps) {
    acts[act](number);
    if (number % 2) await settled();
  }
  await idle();
  network.losesAnswer = false;
  network.dispatchEvent(new Event("live"));
  while (Object.keys(localStorage).some((key) => key.startsWith("outbox:"))) await settled();
  await again();
  await idle();
  // First to what is new, then to the end.
  for (let press = 0; press < 2; press += 1) {
    main.querySelector("[data-jump]").click();
    await idle();
  }
  const shown = [...main.querySelectorAll("[data-entry]")].map(({ dataset }) => [
    dataset.state,
    Number(dataset.seq),
    dataset.id,
  ]);
  return { shown, log: network.entries.map(({ seq, id }) => ["sent", seq, id]), trimmed: network.trimmed };
}

function shuffled(list, seed) {
  return list
    .map((item, index) => [(index * 7919 + seed * 104729) % 101, item])
    .sort(([one], [other]) => one - other)
    .map(([, item]) => item);
}

// A turn of the event loop, without the pause that a timer makes.
function settled() {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => resolve(port1.close());
    port2.postMessage(null);
  });
}

async function idle() {
  for (let turn = 0; turn < 30; turn += 1) await settled();
  // What came is drawn with the next frame.
  await new Promise(requestAnimationFrame);
  await settled();
}
