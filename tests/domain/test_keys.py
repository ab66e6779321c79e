"""The keys in Redis: spelled in one file, and told of in the documentation."""

import re
from collections.abc import Iterator

from chat.domain import Chat, keys
from chat.domain.upkeep import health
from tests.support.servers import CHECKOUT

DOCS = (CHECKOUT / "docs" / "architecture.md").read_text()
TABLE = DOCS[DOCS.index("## What is kept in Redis") : DOCS.index("A room's keys and its bus")]


def told() -> Iterator[str]:
    """Each key in the table of docs/architecture.md, where an ellipsis stands for the key before less its end."""
    before = ""
    for row in TABLE.splitlines():
        for key in re.findall(r"`([^`]+)`", row.split("|")[1] if row.startswith("| `") else ""):
            before = key.replace("…", before.rpartition(":")[0])
            yield before


def test_a_key_is_spelled_in_one_file_alone() -> None:
    files = [*(CHECKOUT / "chat").rglob("*.py"), *(CHECKOUT / "chat").rglob("*.lua"), CHECKOUT / "app.py"]
    spelled = [path.name for path in files if re.search(r"""["']chat:""", path.read_text())]
    assert spelled == ["keys.py"]


def test_the_documentation_has_every_key() -> None:
    made = {value for value in vars(keys).values() if isinstance(value, str) and value.startswith("chat:")}
    made |= {keys.user("<id>"), keys.reads("<id>"), keys.form("<form>"), keys.name_pace("<network>")}
    made |= {keys.pace("<action>", "<who>"), keys.message_pace(0, "<id>"), keys.left(0, "<id>"), *keys.bus(0)}
    made |= {keys.room(0, "<room>", part) for part in ("", *keys.PARTS)}
    assert set(told()) == made


def test_a_chat_in_use_has_no_other_keys(own_chat: Chat) -> None:
    ada, ben = (own_chat.people.claim(name, "192.0.2.1") for name in ("Ada", "Ben"))
    garden = own_chat.rooms.create("garden", "", ada, "192.0.2.1").id
    own_chat.rooms.create_unlisted("drill", 60)
    for person in (ada, ben):
        own_chat.visits.enter(person, garden)
        own_chat.presence.arrive(garden, [(person, person.id)])
    own_chat.messages.post(ada, garden, "hello", "id")
    own_chat.presence.settle(garden)
    own_chat.memberships.leave(ben, garden)
    own_chat.presence.arrive("work", [(ben, "tab")])
    own_chat.put_out("Ben")
    own_chat.sweep.run()
    own_chat.retention.look()
    own_chat.shards.check(own_chat.store)
    health.introduce(own_chat.store)
    # A form has a colon of its own.
    known = [re.sub(r"<\w+>", "[^:]+", re.escape(key).replace("<form>", ".+")) for key in told()]
    found = own_chat.store.redis.keys()
    assert [key for key in found if not any(re.fullmatch(each, key) for each in known)] == []
    assert len(found) > 20
