// The official client, driven by lines of JSON: one for each event to send on standard input, one for each answer and each
// event that came on standard output.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const socket = io(process.argv[2], { transports: ["websocket"] });

socket.on("connect", () => say({ port: socket.io.engine.transport.ws._socket.localPort }));
socket.onAny((event, payload) => say({ event, payload }));

const lines = createInterface({ input: process.stdin });
lines.on("line", async (line) => {
  const { number, event, payload } = JSON.parse(line);
  say({ number, answer: await socket.emitWithAck(event, payload) });
});
lines.on("close", () => {
  socket.close();
  process.exit();
});
