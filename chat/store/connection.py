"""Connections to Redis, and the Lua functions that run there."""

import hashlib
import os
import signal
from collections.abc import Callable, Sequence
from typing import Any

import redis
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.retry import Retry

from chat.config import Config, ConfigError
from chat.store import private_redis, scripts
from chat.store.errors import NO_DATABASE, Unavailable, translated
from chat.store.pipe import Command, Pipe
from chat.store.trouble import Trouble

# Seconds for an answer, and for a free connection: together well under the 2 in which a request is answered.
ANSWER_WITHIN = 0.9
CONNECTION_WITHIN = 0.5

# Seconds for replicas to have what was written.
WAIT_WITHIN = 0.5

# A client of redis-py, whose own types give each answer in every shape that any protocol has for it.
Client = Any


class Store:
    """One process's access to Redis.

    Args:
        url: `redis://` or `rediss://`.
        verify: whether the certificate of a `rediss://` server must be valid; Heroku's are self-signed.
        private: whether it is the private Redis of this checkout.
        replicas: how many replicas have to have what is committed.
    """

    def __init__(self, url: str, *, verify: bool = True, private: bool = False, replicas: int = 0) -> None:
        self.url = url
        self._private = private
        self._replicas = replicas
        self._tls = {} if verify or not url.startswith("rediss:") else {"ssl_cert_reqs": "none"}
        # A command that was not answered in time is not sent again, as that would take as long once more. One whose
        # connection broke is: every write is safe to repeat, as it is keyed by an id, or sets what it says.
        again = Retry(ExponentialWithJitterBackoff(base=0.02, cap=0.1), 1, (redis.exceptions.ConnectionError,))
        self.redis: Client = self._client(ANSWER_WITHIN, pool_size=64, retry=again, health_check_interval=15)
        sources = scripts.sources()
        self._digests = {
            name: hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest() for name, source in sources.items()
        }
        self.trouble = Trouble()
        self.replaced = 0
        """How often connections were given up because they led to a Redis that can serve no more, as one that was
        demoted; whoever has others gives them up too when this changes."""
        functions = list(sources.values())
        self._pipe = Pipe(self.redis, functions, replaced=self._replaced)
        # One round trip for both: WAIT waits for all that was written before it on its own connection.
        wait: Command = ("WAIT", replicas, int(WAIT_WITHIN * 1000))
        self._safe = Pipe(self.redis, functions, wait, self._replaced) if replicas else self._pipe

    def script(self, name: str, keys: Sequence[str], args: Sequence[str | int | float]) -> Command:
        """The command that runs the function in `lua/<name>.lua` (such as `rooms/leave`) as one atomic step."""
        return ("EVALSHA", self._digests[name], len(keys), *keys, *args)

    def ask(self, *commands: Command, weight: float = 0) -> list[Any]:
        """Send commands in one round trip, in this order, and return what each answers. Each is safe to repeat.

        Args:
            weight: about how many bytes the answers may have, if that is many.

        Raises:
            Unavailable: Redis does not answer, or refuses for now.
        """
        return self._asked(self._pipe, commands, weight)

    def run(self, script: str, keys: Sequence[str], args: Sequence[str | int | float], weight: float = 0) -> Any:
        """Run the function in `lua/<script>.lua` as one atomic step; returns what it does. `weight` as of `ask`."""
        return self._asked(self._pipe, [self.script(script, keys, args)], weight)[0]

    def commit(self, script: str, keys: Sequence[str], args: Sequence[str | int | float]) -> Any:
        """Run a function as `run` does, and return once as many replicas as asked for have what it wrote.

        Raises:
            Unavailable: as of `run`; or it was run here, but fewer replicas than that have it so far.
        """
        answer, *reached = self._asked(self._safe, [self.script(script, keys, args)])
        if reached and reached[0] < self._replicas:
            error = Unavailable("Too few replicas have what was written", f"{reached[0]} of {self._replicas}")
            self.trouble.met(error)
            raise error
        return answer

    def check_database(self) -> None:
        """See that Redis has the database that its URL names.

        Raises:
            ConfigError: it has fewer.
            Unavailable: it cannot be asked now.
        """
        try:
            self.probe(("PING",))
        except Unavailable as error:
            if error.reason != NO_DATABASE:
                raise
            raise ConfigError(
                "REDIS_URL names a database that this Redis does not have, but must be one with a number below its "
                "setting `databases` (0 to 15 unless set)."
            ) from None

    @property
    def database(self) -> int:
        """The number of the database in Redis."""
        return int(self.redis.connection_pool.connection_kwargs.get("db") or 0)

    @property
    def address(self) -> str:
        """Where Redis is, without a secret."""
        to = self.redis.connection_pool.connection_kwargs
        return f"{to.get('host')}:{to.get('port', 6379)}/{self.database}"

    def close(self) -> None:
        """End the connections that are idle."""
        self.redis.close()

    def probe(self, *commands: Command) -> list[Any]:
        """Ask as `ask` does; a refusal is no trouble."""
        return self._pipe.ask(commands)

    def try_channel(self, channel: str) -> None:
        """Say nothing on a Pub/Sub channel, and hear it.

        Raises:
            Unavailable: that is refused, or not answered.
        """
        with self.redis.pubsub() as heard:
            try:
                heard.subscribe(channel)
                heard.get_message(timeout=ANSWER_WITHIN)
                self.redis.publish(channel, "")
            except redis.exceptions.RedisError as error:
                raise translated(error) from error

    def _asked(self, pipe: Pipe, commands: Sequence[Command], weight: float = 0) -> list[Any]:
        try:
            return pipe.ask(commands, weight)
        except Unavailable as error:
            self.trouble.met(error)
            raise

    def _replaced(self) -> None:
        self.replaced += 1

    def disturb(self) -> str:
        """Interrupt Redis, as a drill does, and return in words what was done.

        The private Redis is ended, and its supervisor starts another; of any other, all connections are dropped.
        """
        if self._private:
            os.kill(int(self.redis.info("server")["process_id"]), signal.SIGTERM)
            return "Redis restarts"
        for kind in ("normal", "pubsub"):
            self.redis.client_kill_filter(_type=kind, skipme=True)
        return "every connection to Redis is dropped"

    def blocking(self, block: float, connected: Callable[[], None]) -> "Blocking":
        """A connection of its own for one reader whose commands block for up to `block` seconds.

        Args:
            connected: called each time that it connects. Behind the new connection may be another Redis, with less in
                it, and redis-py replaces a connection that broke at rest without a word.
        """

        def greet(connection: redis.Connection) -> None:
            connection.on_connect()  # type: ignore[no-untyped-call]
            connected()

        never = Retry(NoBackoff(), 0)
        client = self._client(
            block + ANSWER_WITHIN, pool_size=1, retry=never, health_check_interval=0, redis_connect_func=greet
        )
        return Blocking(self, client)

    def _client(
        self, timeout: float, *, pool_size: int, retry: Retry, health_check_interval: int, **options: Any
    ) -> Client:
        # A pool that waits for a free connection: a burst queues up instead of failing at the limit.
        pool = redis.BlockingConnectionPool.from_url(
            self.url,
            max_connections=pool_size,
            timeout=CONNECTION_WITHIN,
            socket_timeout=timeout,
            socket_connect_timeout=ANSWER_WITHIN,
            socket_keepalive=True,
            health_check_interval=health_check_interval,
            retry=retry,
            # RESP3 answers XREAD in another shape.
            protocol=2,
            decode_responses=True,
            **self._tls,
            **options,
        )
        return redis.Redis(connection_pool=pool)


class Blocking:
    """A connection for one reader, whose commands may wait for what comes."""

    def __init__(self, store: Store, client: Client) -> None:
        self._store = store
        self._client = client
        self._replaced = store.replaced

    def ask(self, *command: str | int | float) -> Any:
        """What Redis answers to the command.

        Raises:
            Unavailable: each time that the connection breaks, is not answered, or leads to a Redis that refuses.
        """
        if self._replaced != self._store.replaced:
            self._replaced = self._store.replaced
            self.give_up()
        try:
            return self._client.execute_command(*command)
        except redis.exceptions.RedisError as cause:
            error = translated(cause)
            if isinstance(error, Unavailable):
                self._store.trouble.met(error)
                if error.elsewhere:
                    self.give_up()
            raise error from cause

    def give_up(self) -> None:
        """Have the next command make another connection."""
        self._client.connection_pool.disconnect()


def connect(config: Config) -> Store:
    """The store at `REDIS_URL`, or, without one, on the checkout's own Redis.

    Raises:
        chat.store.private_redis.supervisor.PrivateRedisError: there is no Redis to start.
    """
    url = config.redis_url or private_redis.use(config.instance / "redis")
    return Store(url, verify=config.redis_verify, private=config.redis_url is None, replicas=config.wait_replicas)
