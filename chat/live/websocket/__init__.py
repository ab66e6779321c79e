"""The chat's own transport for WebSockets under its gunicorn worker: small at rest, fast, and strict with its clients.

It leans on private parts of python-engineio and python-socketio. Where they are not as known here, or under any other
server, connections go by python-engineio's own transport.
"""

from chat.live.websocket.sockets import Loop, Sockets

__all__ = ["Loop", "Sockets"]
