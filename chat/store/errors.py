"""What Redis refuses or does not answer, as the one error of the store."""

import re

import redis

# What Redis means by its error codes that are no fault of the command.
REASONS = {
    "OOM": "Redis is full",
    "MISCONF": "Redis cannot save to its disk, and takes no writes",
    "NOREPLICAS": "Redis has too few replicas to take writes",
    "READONLY": "Redis is read-only",
    "UNBLOCKED": "Redis is read-only",
    "MASTERDOWN": "Redis is a replica that does not reach its primary",
    "LOADING": "Redis is loading its data",
    "BUSY": "Redis is busy with a script",
    "NOPERM": "Redis forbids this user what the chat needs",
    "NOAUTH": "Redis asks for a password",
    "WRONGPASS": "Redis refuses the user or the password",
    "NOSCRIPT": "Redis does not keep the chat's functions",
    "CLUSTERDOWN": "The Redis cluster is down",
    "MOVED": "Redis is a cluster, which the chat cannot use yet",
    "ASK": "Redis is a cluster, which the chat cannot use yet",
    "TRYAGAIN": "Redis is a cluster, which the chat cannot use yet",
}
# Codes of a Redis whose address may lead to another one by now: a new connection finds out.
ELSEWHERE = frozenset({"READONLY", "UNBLOCKED", "MASTERDOWN", "LOADING"})
# Codes of a Redis that takes no writes, and still answers reads.
READS = frozenset({"OOM", "MISCONF", "NOREPLICAS", "READONLY"})
AWAY = "Redis does not answer"
UNKNOWN_COMMAND = "Redis does not know the command"
NO_DATABASE = "Redis has no database of this number"

# The code that an error begins with. Redis 6 wraps that of a command which a script called.
CODE = re.compile(r"^(?:Error running script .*?: -)?([A-Z]{3,})\b", re.DOTALL)
UNKNOWN = re.compile(r"^unknown command ['`](\w{1,40})['`]", re.IGNORECASE)
FORBIDDEN_IN_SCRIPT = re.compile(r"The user executing the script can't (?:run|access)")
UNKNOWN_IN_SCRIPT = re.compile(r"Unknown Redis command called from")


class Unavailable(Exception):  # noqa: N818 - the name of a state, as people are told of it.
    """The store cannot do now what it may well do in a moment: it does not answer, refuses, is full, is read-only.

    The text is for a log: what Redis said, in plain words and without a secret.

    Args:
        reason: what is the matter, as one of few sentences.
        detail: what is known beside it.
        code: Redis's error code, if it answered with one.
    """

    def __init__(self, reason: str, detail: str = "", code: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.code = code

    @property
    def reads(self) -> bool:
        """Whether Redis still answers reads."""
        return self.code in READS

    @property
    def lacking(self) -> bool:
        """Whether it is a right or a command that is missing: what does without it is served."""
        return self.code == "NOPERM" or self.reason.startswith(UNKNOWN_COMMAND)

    @property
    def elsewhere(self) -> bool:
        """Whether a new connection may lead to a Redis that does better."""
        return self.code in ELSEWHERE


def translated(error: Exception) -> Exception:
    """`Unavailable`, if that is what an error of redis-py means, and else the error: a mistake of the chat's own."""
    text = str(error)
    if isinstance(error, redis.exceptions.ResponseError | redis.exceptions.ConnectionError):
        code = code_of(error)
        if code in REASONS:
            return Unavailable(REASONS[code], code=code)
        if isinstance(error, redis.exceptions.AuthenticationError):
            return Unavailable(REASONS["WRONGPASS"], text)
        if match := UNKNOWN.match(text):
            return Unavailable(f"{UNKNOWN_COMMAND} {match[1].upper()}")
        if FORBIDDEN_IN_SCRIPT.search(text) or UNKNOWN_IN_SCRIPT.search(text):
            return Unavailable(REASONS["NOPERM"], code="NOPERM")
        if "DB index" in text:
            # "DB index is out of range" or "invalid DB index", as the connection is made.
            return Unavailable(NO_DATABASE)
    if isinstance(error, redis.exceptions.ConnectionError | redis.exceptions.TimeoutError):
        return Unavailable(AWAY, text)
    return error


def code_of(error: Exception) -> str:
    """Redis's code for an error that it answered with; empty if it begins with none."""
    # redis-py takes the codes that it knows from the text.
    known = getattr(error, "status_code", None)
    if known and known != "ERR":
        return str(known)
    match = CODE.match(str(error))
    return match[1] if match else ""
