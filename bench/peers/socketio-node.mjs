// The comparison: a room server on Node's Socket.IO and its Redis adapter, with the chat's payloads and nothing stored.
// PORT and REDIS_URL say where.
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const publisher = createClient({ url: process.env.REDIS_URL });
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);

const http = createServer((_request, response) => response.writeHead(404).end());
// Per-message compression is off, as it is unless asked for; no other transport, as in the chat.
const io = new Server(http, { transports: ["websocket"], adapter: createAdapter(publisher, subscriber) });
const heads = new Map();

io.on("connection", (socket) => {
  const user = { id: socket.id, name: "A guest" };
  socket.on("join", async ({ room }, answer) => {
    await socket.join(room);
    answer({ ok: true, room });
  });
  socket.on("sendMessage", ({ msg, id, room }, answer) => {
    const seq = (heads.get(room) ?? 0) + 1;
    heads.set(room, seq);
    const at = Date.now();
    io.to(room).emit("message", { type: "message", room, epoch: "0123456789abcdef", seq, at, id, user, text: msg });
    answer({ ok: true, room, seq, at, id });
  });
});

http.listen({ host: "127.0.0.1", port: Number(process.env.PORT), backlog: 2048 });
