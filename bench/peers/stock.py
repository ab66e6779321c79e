"""The comparison: a room server on plain Flask-SocketIO with its Redis message queue, and nothing stored.

Served by gunicorn's own eventlet worker. `REDIS_URL` says where the queue is.
"""

import os
import time
from collections import defaultdict
from typing import Any

from flask import Flask, request
from flask_socketio import SocketIO, emit, join_room

app = Flask(__name__)
socketio = SocketIO(app, message_queue=os.environ["REDIS_URL"])
heads: defaultdict[str, int] = defaultdict(int)


@socketio.on("join")  # type: ignore[untyped-decorator]
def join(payload: dict[str, Any]) -> dict[str, Any]:
    """Subscribe this connection to a room."""
    join_room(payload["room"])
    return {"ok": True, "room": payload["room"]}


@socketio.on("sendMessage")  # type: ignore[untyped-decorator]
def send_message(payload: dict[str, Any]) -> dict[str, Any]:
    """Send a message to everyone in its room."""
    room, id = payload["room"], payload["id"]
    heads[room] += 1
    place = {"room": room, "seq": heads[room], "at": int(time.time() * 1000), "id": id}
    user = {"id": request.sid, "name": "A guest"}  # type: ignore[attr-defined]  # Flask-SocketIO sets it.
    entry = {"type": "message", "epoch": "0123456789abcdef", **place, "user": user, "text": payload["msg"]}
    emit("message", entry, to=room)
    return {"ok": True, **place}
