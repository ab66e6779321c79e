"""Benchmarks: the chat under load, beside Node's Socket.IO and stock Flask-SocketIO. `python -m bench --help`."""
