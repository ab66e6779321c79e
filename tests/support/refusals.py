"""What brings a real Redis to refuse, each by the code that it then answers with."""

from collections.abc import Callable
from pathlib import Path

import redis

from tests.support.servers import free_port
from tests.support.waiting import eventually


def fill(client: redis.Redis) -> None:
    """Leave no room for anything more."""
    client.config_set("maxmemory", 1)


def want_replicas(client: redis.Redis) -> None:
    """Take writes with a replica alone, which there is not."""
    client.config_set("min-replicas-to-write", 1)


def fail_to_save(client: redis.Redis) -> None:
    """Have a snapshot fail."""
    # Where its file should go, a folder stands.
    (Path(str(client.config_get("dir")["dir"])) / "dump.rdb").mkdir()
    client.config_set("save", "3600 1")
    client.bgsave()
    eventually(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")


def forbid_functions(client: redis.Redis) -> None:
    """Take a right away."""
    client.acl_setuser("default", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-evalsha"])


def follow(client: redis.Redis) -> None:
    """Become a replica, of something that is not there."""
    client.replicaof("127.0.0.1", str(free_port()))


def follow_strictly(client: redis.Redis) -> None:
    """Become a replica that answers nothing by itself."""
    client.config_set("replica-serve-stale-data", "no")
    follow(client)


REFUSALS: dict[str, Callable[[redis.Redis], None]] = {
    "OOM": fill,
    "NOREPLICAS": want_replicas,
    "MISCONF": fail_to_save,
    "NOPERM": forbid_functions,
    "READONLY": follow,
    "MASTERDOWN": follow_strictly,
}


def relent(client: redis.Redis) -> None:
    """Take back what made a Redis refuse, but for being a replica."""
    client.config_set("maxmemory", 0)
    client.config_set("min-replicas-to-write", 0)
    folder = Path(str(client.config_get("dir")["dir"])) / "dump.rdb"
    if folder.is_dir():
        folder.rmdir()
        client.bgsave()
        eventually(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "ok")
    client.config_set("save", "")
    client.acl_setuser("default", enabled=True, nopass=True, keys=["*"], channels=["*"], commands=["+@all"])
