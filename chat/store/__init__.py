"""Redis: the connections, the checkout's own server, and the Lua functions."""
