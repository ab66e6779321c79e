"""Who is shown as here, is here."""

import os
import signal

from tests.conftest import Connect
from tests.support.clients import NodeClient, unique
from tests.support.servers import Server
from tests.support.waiting import eventually


def test_the_people_of_a_killed_worker_are_gone_within_thirty_seconds(own_server: Server, connect_to: Connect) -> None:
    ada = connect_to(own_server, unique("Ada"))
    ben = connect_to(own_server, unique("Ben"), NodeClient, not_on=own_server.worker_of(ada.port()))
    assert ben.ok("people", {"room": "work"})["count"] == 2
    os.kill(own_server.worker_of(ada.port()), signal.SIGKILL)
    ben.wait_told("left", ada.user, within=30)
    assert ben.ok("people", {"room": "work"}) == {
        "ok": True,
        "room": "work",
        "count": 1,
        "list": [ben.user],
        "complete": True,
    }


def test_a_crowd_that_comes_at_once_is_told_of_in_few_words(own_server: Server, connect_to: Connect) -> None:
    ben = connect_to(own_server, unique("Ben"), NodeClient)
    crowd = [connect_to(own_server, unique("Crowd")) for _ in range(150)]
    eventually(lambda: ben.got("presence")[-1]["count"] == 151, within=20)
    told = ben.got("presence")
    # Until a hundred are here each is told of once; then a count and the first hundred, every five seconds.
    named = [person["id"] for event in told for person in event["joined"]]
    assert len(named) == len(set(named)) <= 101
    first = sorted([ben.user, *(each.user for each in crowd)], key=lambda person: person["name"].casefold())[:100]
    assert told[-1]["list"] == first
