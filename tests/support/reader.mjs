// A reader on the official client, which comes back after every interruption as a browser does: by the page's own ledger.
// Prints a line of JSON when it has begun, and one for each entry, as it would be shown.
import { io } from "socket.io-client";
import { Ledger } from "../../static/js/room/ledger.js";

const [url, user, room] = process.argv.slice(2);
const socket = io(url, { transports: ["websocket"], reconnectionDelay: 100, reconnectionDelayMax: 500 });
const call = (event, payload) => socket.timeout(3000).emitWithAck(event, payload);
let token;
let ledger;
let busy = false;

const show = (entries) => {
  for (const entry of ledger.take(entries)) process.stdout.write(`${JSON.stringify(entry)}\n`);
};

async function catchUp() {
  if (busy) return;
  busy = true;
  try {
    const me = await call("setUsername", { user, token });
    token = me.token ?? token;
    let page = await call("join", { room, after: ledger?.position, limit: 200 });
    if (!page.ok) throw new Error(page.error.code);
    if (!ledger) process.stdout.write('{"began": true}\n');
    if (!ledger || page.reset) ledger = new Ledger(page.epoch, 1, (page.entries[0]?.seq ?? page.head + 1) - 1);
    show(page.entries);
    while (!page.complete) {
      page = await call("history", { room, after: ledger.high, limit: 200 });
      if (!page.ok) throw new Error(page.error.code);
      show(page.entries);
    }
  } catch {
    setTimeout(catchUp, 200);
  } finally {
    busy = false;
  }
}

socket.on("connect", catchUp);
socket.on("resync", catchUp);
socket.on("message", (entry) => {
  if (!ledger) return;
  show([entry]);
  if (ledger.hole) catchUp();
});
process.stdin.on("end", () => process.exit()).resume();
