"""What Redis tells about itself, and which of it an operator has to know."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from chat.domain import keys
from chat.store.connection import Store
from chat.store.errors import Unavailable

log = logging.getLogger(__name__)
SECTIONS = ("server", "memory", "persistence", "replication")
NEARLY_FULL = 0.9


class Found(NamedTuple):
    """A Redis in one line, and what of it loses data or is about to."""

    line: str
    warnings: list[str]


def look(store: Store) -> Found:
    """See which Redis this is.

    Raises:
        Unavailable: it does not answer.
    """
    store.probe(("PING",))
    try:
        info: dict[str, Any] = {}
        for section in store.probe(*(("INFO", section) for section in SECTIONS)):
            info |= section
    except Unavailable:
        return Found(f"Redis at {store.address} tells nothing about itself: INFO is refused", [])
    kind = "Valkey" if info.get("server_name") == "valkey" else "Redis"
    version = info.get("valkey_version") or info.get("redis_version", "of an unknown version")
    policy = info.get("maxmemory_policy", "unknown")
    kept = "append-only file" if info.get("aof_enabled") else "no append-only file"
    line = f"{kind} {version} at {store.address}: {kept}, maxmemory-policy {policy}"
    return Found(line, list(_warnings(info)))


def write(store: Store) -> None:
    """Write as posting a message does: by a function, and to as many replicas.

    Raises:
        Unavailable: that is refused, or not answered.
    """
    store.commit("health/ready", [keys.READY], [1])


def introduce(store: Store) -> None:
    """Tell the log which Redis this is, what an operator has to know of it, and what does not work (yet)."""
    try:
        found = look(store)
        log.info("%s", found.line)
        for each in found.warnings:
            log.warning("%s", each)
        _note(store, found)
        write(store)
        store.try_channel(keys.channel(store.database))
    except Unavailable as error:
        if not store.trouble.reason:
            log.warning("%s", error)


def tell(store: Store, found: Found, known: list[str]) -> None:
    """Write the warnings that the log does not have yet: one process for all, and again where a warning was over.

    Args:
        known: those that this process found before.
    """
    news = set(found.warnings) - set(known)
    # Where Redis takes no writes, each process knows its own.
    with suppress(Unavailable):
        news -= set(_note(store, found))
    for each in found.warnings:
        if each in news:
            log.warning("%s", each)


def _note(store: Store, found: Found) -> list[str]:
    """Note what is told now; returns what was told before."""
    (told,) = store.probe(store.script("health/swap", [keys.WARNINGS], ["\n".join(found.warnings)]))
    return str(told or "").splitlines()


def _warnings(info: dict[str, Any]) -> Iterator[str]:
    most, used = info.get("maxmemory", 0), info.get("used_memory", 0)
    policy = info.get("maxmemory_policy", "noeviction")
    if most and policy != "noeviction":
        yield f"maxmemory-policy is {policy}: Redis throws rooms and names away when it is full; set noeviction"
    elif most and used > NEARLY_FULL * most:
        # In the same words for as long as it is so: other words are told anew.
        yield f"Redis is nearly full: it uses more than {NEARLY_FULL:.0%} of its maxmemory"
    if not info.get("aof_enabled"):
        yield "Redis has no append-only file: its end loses what its last snapshot lacks, or all; set appendonly yes"
    elif info.get("aof_last_write_status", "ok") != "ok":
        yield "Redis fails to write its append-only file"
    if info.get("rdb_last_bgsave_status", "ok") != "ok":
        yield "Redis failed to write its last snapshot"
    if info.get("role", "master") != "master":
        yield "Redis is a replica, and takes no writes"
