"""Memberships that are gone without anybody being told."""

import time

from chat.domain import Chat


def lose(chat: Chat, room: str, person_id: str) -> None:
    """Have a room not know one of its members any more, while it knows others."""
    members = chat.shards.key(room, "members")
    chat.store.redis.zadd(members, {"somebody else": time.time()})
    chat.store.redis.zrem(members, person_id)
