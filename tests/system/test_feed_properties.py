"""However entries come to a page, live, late, twice, in pages, or in another order: its feed ends as the log."""

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

from chat.domain import Chat
from tests.support.browsers import Open
from tests.support.clients import unique
from tests.support.servers import CHECKOUT

ACTS = ["post", "miss", "delay", "deliver", "repeat", "older", "trim", "lengthen", "join", "loseLog"]
ACTS += ["loseAnswer", "write"]
steps = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 60)), max_size=25)


def test_the_feed_ends_as_the_log(open_page: Open, chat: Chat, room: str) -> None:
    writer = chat.people.claim(unique("Writer"), "127.0.0.1")
    chat.visits.enter(writer, room)
    for number in range(60):
        chat.messages.post(writer, room, f"message {number}", f"id {number}".replace(" ", "-"))
    page = open_page(unique("Ada"), path=f"/rooms/{room}")
    script = (CHECKOUT / "tests/support/feed.mjs").read_text()
    page.route("**/feed.mjs", lambda route: route.fulfill(body=script, content_type="text/javascript"))
    run_all(page)


def run_all(page: Page) -> None:
    """Try interleavings, each from the page as it was loaded."""

    @settings(
        max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(steps)
    # An entry of the log that was lost comes late, where the new log will have one.
    @example([("delay", 0), ("loseLog", 1), ("deliver", 1), ("miss", 60), ("join", 1), ("miss", 5)])
    def run(steps: list[tuple[str, int]]) -> None:
        result = page.evaluate("steps => import('/feed.mjs').then(({ run }) => run(steps))", steps)
        shown, log = result["shown"], result["log"]
        assert shown == log[len(log) - len(shown) :]
        assert shown or len(log) == result["trimmed"]

    run()
