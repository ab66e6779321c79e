"""The load's own limit: a server that sends what was made before, as fast as it can, so that the load is measured.

Listens at PORT, lets CLIENTS clients in, and then sends each in turn a handful of deliveries, for ever.
"""

import os
import select
import socket

PIECE = 8
"""Deliveries in one write, as a server writes that gathers what waits for a client."""
TEXT = (
    b'42["message",{"type":"message","room":"work","epoch":"0123456789abcdef","seq":1,"at":1700000000000,"id":"m1",'
    b'"user":{"id":"0123456789abcdef","name":"A guest"},"text":"Some words, as long as what people really say."}]'
)


def main() -> None:
    """Serve."""
    with socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=2048) as listener:
        print("ready", flush=True)
        clients = [_welcome(listener) for _ in range(int(os.environ["CLIENTS"]))]
        frame = b"\x81\x7e" + len(TEXT).to_bytes(2, "big") + TEXT
        piece = frame * PIECE
        left = {client.fileno(): b"" for client in clients}
        poll = select.epoll()
        for client in clients:
            client.setblocking(False)
            poll.register(client, select.EPOLLOUT)
        by_file = {client.fileno(): client for client in clients}
        while True:
            for file, _ in poll.poll(-1, len(clients)):
                data = left[file] or piece
                left[file] = data[by_file[file].send(data) :]


def _welcome(listener: socket.socket) -> socket.socket:
    client, _ = listener.accept()
    client.recv(4096)
    client.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x020{")
    client.recv(4096)
    client.sendall(b"\x81\x0240")
    client.recv(4096)
    client.sendall(b'\x81\x10430[{"ok":true}]')
    return client


if __name__ == "__main__":
    main()
