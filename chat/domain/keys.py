"""Every key that the chat has in Redis, with what bounds it and when it ends. Nothing else spells one.

The part in braces decides the slot in a Redis Cluster. What one Lua function touches is in one slot: a person and the
forms of their name, the lists of rooms, and, in the slot of its shard, a room and the bus that it is told on. Names
stay as they are: a Redis holds what was written before.
"""

# The place: one value each.

SHARDS = "chat:shards"  # How many there are. No end: every other name follows from it.
RETENTION = "chat:retention"  # The worker that weighs what is kept. Ends in 30 seconds, unless it looks again.
READY = "chat:ready"  # What `/readyz` writes to see that it can. Ends in a minute.
WARNINGS = "chat:told"  # The warnings about this Redis that the log has. No end.


def channel(database: int) -> str:
    """The Pub/Sub channel of the message queue: Redis has databases for keys, and not for channels."""
    return f"chat:{database}"


# People. All that there is of a person ends with the lease of their name; how many there are, `NAMES` bounds.


def user(person_id: str) -> str:
    """A hash: name, digest of the token, whether they ever said something."""
    return f"chat:{{people}}:user:{person_id}"


def reads(person_id: str) -> str:
    """A hash: the `seq` up to which a person has read, for each room that they belong to."""
    return f"{user(person_id)}:read"


def form(form: str) -> str:
    """The id of the person who has this form of a name; see `names.forms`."""
    return f"chat:{{people}}:name:{form}"


# Sorted sets of everybody's ids by when their lease ends: of those who said something, and of the others.
SPOKE = "chat:{people}:spoke"
UNSPOKEN = "chat:{people}:unspoken"
NAMED = (SPOKE, UNSPOKEN)

# A hash: each form of a name that was put out, with the name and since when. No end: the operator lets names in again.
BANS = "chat:{people}:bans"


# The lists of rooms. `CHAT_MAX_ROOMS` bounds them; a room is in them for as long as it is there.

ROOMS = "chat:{rooms}"  # A sorted set of the names of listed rooms.
MAKERS = "chat:{rooms}:makers"  # A hash: the network from which each was made.
UNLISTED = "chat:{rooms}:unlisted"  # A sorted set of the rooms of drills, by when they go.
SWEPT = "chat:{rooms}:swept"  # Stands while no worker has to sweep. Ends in ten minutes.


# Token buckets, one for each person or network that was active. Each ends when it is full again.


def pace(action: str, who: str) -> str:
    """How often a person or a network made rooms."""
    return f"chat:{{pace}}:{action}:{who}"


def name_pace(network: str) -> str:
    """How often names were chosen from a network."""
    return f"chat:{{people}}:pace:name:{network}"


def message_pace(shard: int, person_id: str) -> str:
    """How fast a person writes in the rooms of a shard."""
    return f"chat:{{{shard}}}:pace:message:{person_id}"


# Rooms and buses, in the slot of their shard.


def bus(shard: int) -> list[str]:
    """A stream of at most `CHAT_BUS_LENGTH` entries, which has no end; and a hash: its newest and first number."""
    return [f"chat:{{{shard}}}:bus", f"chat:{{{shard}}}:bus:state"]


def left(shard: int, person_id: str) -> str:
    """The room of a shard that a person left just now. Ends in a minute."""
    return f"chat:{{{shard}}}:left:{person_id}"


def room(shard: int, name: str, part: str = "") -> str:
    """A room, or one of its `PARTS`. It goes with all of them: when it is removed, or a silent one by itself.

    Without a part it is a hash: epoch, head, topic, when it was made and by whom.
    """
    return f"chat:{{{shard}}}:room:{name}" + (f":{part}" if part else "")


# Of presence: what changes when somebody comes or goes. Bounded by the connections that are in the room.
LINKED = (
    "links",  # A sorted set of "person connection", by when the lease of that link ends.
    "here",  # A hash: how many links each person has.
    "labels",  # A hash: what each person is sorted by, and the name.
    "roll",  # A sorted set of labels with their persons: who is here, in order.
    "changes",  # A hash: who came or went, and was not told of yet.
)
PARTS = (
    "members",  # A sorted set of ids, by when they were last here. Memberships end like the lease of a name.
    "log",  # A stream of at most `CHAT_LOG_LENGTH` entries.
    "sent",  # A sorted set of "person id", by the `seq` of the entry. As long as the log.
    *LINKED,
    "told",  # Stands while changes have to wait. Ends in five seconds at most.
)
