"""What a page looks like, as far as it can be measured: nothing covers, cuts or crushes what is to be read."""

from itertools import combinations, pairwise

import pytest
from playwright.sync_api import Locator, Page, expect

from chat.domain import Chat
from chat.domain.people.people import Person
from tests.support.browsers import Open, away, live, say
from tests.support.clients import unique

TOPIC = "Colours, type and space, and whatever else makes a page calm and easy to read for everyone who comes here"
NARROW = {"width": 844, "height": 190}
FACES = """() => {
    const [canvas] = [document.createElement("canvas").getContext("2d", { willReadFrequently: true })];
    const pixel = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const face = document.querySelector(".me .face");
    return [..."0123456789abcdef"].map((digit) => {
        face.className = `face hue-${digit}`;
        const { color, backgroundColor } = getComputedStyle(face);
        return [pixel(color), pixel(backgroundColor)];
    });
}"""


def box(locator: Locator) -> dict[str, float]:
    """Where an element stands, with its far edges."""
    found = locator.bounding_box()
    assert found
    return {**found, "right": found["x"] + found["width"], "bottom": found["y"] + found["height"]}


def is_cut(locator: Locator) -> bool:
    """Whether there is more of an element's text than is shown."""
    return locator.evaluate("(element) => element.scrollWidth > element.clientWidth")


@pytest.fixture
def speaker(chat: Chat, room: str) -> Person:
    """Somebody in the room."""
    person = chat.people.claim(unique("Speaker"), "")
    chat.visits.enter(person, room)
    return person


def test_a_long_topic_leaves_the_name_of_its_room_whole(open_page: Open, chat: Chat, speaker: Person) -> None:
    room = chat.rooms.create(unique("a-room-of-some-length"), TOPIC, speaker).id
    page = open_page(unique("Ada"), path=f"/rooms/{room}")
    for width in (1280, 820):
        page.set_viewport_size({"width": width, "height": 700})
        assert not is_cut(page.locator("h1")), width
        assert is_cut(page.locator(".topic")), width


def test_on_a_phone_what_was_caught_up_leaves_the_name_whole(open_page: Open, room: str) -> None:
    page = open_page(unique("Ada"), phone=True, path=f"/rooms/{room}")
    width = box(page.locator("h1"))["width"]
    page.evaluate("document.querySelector('[data-caught-up]').textContent = 'Caught up: 120 new messages'")
    assert box(page.locator("h1"))["width"] == width
    assert not is_cut(page.locator("[data-caught-up]"))


def test_the_way_to_the_newest_covers_no_words(open_page: Open, chat: Chat, speaker: Person, room: str) -> None:
    for number in range(30):
        chat.messages.post(speaker, room, f"message {number}", f"id{number}")
    page = open_page(unique("Ada"), phone=True, path=f"/rooms/{room}")
    page.locator('[data-seq="5"]').scroll_into_view_if_needed()
    expect(page.locator("[data-jump]")).to_be_visible()
    assert box(page.locator("[data-feed]"))["bottom"] <= box(page.locator("[data-jump]"))["y"]
    page.tap("[data-jump]")
    expect(page.locator('[data-seq="30"]')).to_be_in_viewport()
    expect(page.locator("[data-jump]")).to_be_hidden()


def test_messages_of_a_run_are_apart_and_a_phone_shows_their_times(
    open_page: Open, chat: Chat, speaker: Person, room: str
) -> None:
    for number in range(2):
        chat.messages.post(speaker, room, "two\nlines", f"id{number}")
    page = open_page(unique("Ada"), phone=True, path=f"/rooms/{room}")
    first, second = (box(page.locator(f'[data-seq="{seq}"]')) for seq in (1, 2))
    assert second["y"] >= first["bottom"]
    range_of = """(element) => {
        const range = document.createRange();
        range.selectNodeContents(element);
        const { top, bottom } = range.getBoundingClientRect();
        return [top, bottom];
    }"""
    end = page.locator('[data-seq="1"] .text').evaluate(range_of)[1]
    begin = page.locator('[data-seq="2"] .text').evaluate(range_of)[0]
    assert begin - end >= 8
    time = page.locator('[data-seq="2"] time')
    assert time.evaluate("(element) => getComputedStyle(element).opacity") == "1"
    # The widest that a clock shows, at whatever hour this runs.
    time.evaluate("(element) => (element.textContent = '12:58 AM')")
    assert not is_cut(time)


def test_what_is_read_and_where_one_writes_have_one_measure(ada_page: Page) -> None:
    say(ada_page, "word " * 400)
    for width in (1280, 2560):
        ada_page.set_viewport_size({"width": width, "height": 1200})
        text, composer = (box(ada_page.locator(each)) for each in (".text", ".composer-box"))
        assert abs(text["right"] - composer["right"]) < 2
        assert composer["width"] < 900


def test_faces_are_read_and_told_apart(open_page: Open, room: str) -> None:
    page = open_page(unique("Ada"), path=f"/rooms/{room}")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        faces = page.evaluate(FACES)
        for letters, ground in faces:
            assert contrast(letters, ground) >= 4.5, (scheme, letters, ground)
        for (_, one), (_, other) in combinations(faces, 2):
            assert distance(one, other) >= 0.04, (scheme, one, other)


def linear(colour: list[int]) -> list[float]:
    return [(c / 255) / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]


def contrast(one: list[int], other: list[int]) -> float:
    """As WCAG has it."""
    dark, light = sorted(
        sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear(each), strict=True)) for each in (one, other)
    )
    return (light + 0.05) / (dark + 0.05)


def distance(one: list[int], other: list[int]) -> float:
    """In Oklab."""

    def oklab(colour: list[int]) -> list[float]:
        r, g, b = linear(colour)
        long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
        medium = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
        short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
        return [
            0.2104542553 * long + 0.793617785 * medium - 0.0040720468 * short,
            1.9779984951 * long - 2.428592205 * medium + 0.4505937099 * short,
            0.0259040371 * long + 0.7827717662 * medium - 0.808675766 * short,
        ]

    return sum((a - b) ** 2 for a, b in zip(oklab(one), oklab(other), strict=True)) ** 0.5


def test_faces_on_the_sign_in_page_cut_none_of_each_other(open_page: Open, room: str) -> None:
    for _ in range(3):
        open_page(unique("Here"), path=f"/rooms/{room}")
    page = open_page()
    faces = [box(face) for face in page.locator(".faces .face").all()]
    assert len(faces) >= 3
    assert all(one["right"] <= other["x"] for one, other in pairwise(faces))


def test_who_types_is_told_with_the_verb_whatever_their_names(open_page: Open, connect, room: str) -> None:
    names = [unique("W" * 20).ljust(32, "W"), unique("M" * 20).ljust(32, "M")]
    page = open_page(unique("Ada"), phone=True, path=f"/rooms/{room}")
    for name in names:
        client = connect(name)
        client.ok("join", {"room": room})
        client.ok("typing", {"room": room, "on": True})
    line = page.locator("[data-typing]")
    expect(line).to_contain_text("are typing…")
    assert not is_cut(line)
    # Whoever points at a name that is cut is told the whole of it.
    first = line.locator("b").first
    assert is_cut(first)
    first.hover()
    expect(first).to_have_attribute("title", first.inner_text())


@pytest.mark.parametrize("size", [NARROW, {"width": 320, "height": 200}], ids=["phone on its side", "zoomed by four"])
def test_in_a_very_small_window_one_can_write_read_and_make_a_room(
    ada_page: Page, room: str, size: dict[str, int]
) -> None:
    ada_page.set_viewport_size(size)  # type: ignore[arg-type]
    ada_page.fill("[name=msg]", "\n".join("123456789"))
    assert box(ada_page.locator("[data-feed]"))["height"] >= 40
    assert box(ada_page.locator(".composer-box"))["bottom"] <= size["height"]
    ada_page.goto("/rooms")
    button = ada_page.get_by_role("button", name="Make the room")
    ada_page.locator(".page-form").hover()
    ada_page.mouse.wheel(0, 2000)
    expect(button).to_be_in_viewport(ratio=1)


def test_on_paper_nothing_stands_over_the_text_and_all_of_it_is_there(ada_page: Page) -> None:
    say(ada_page, "\n".join(f"line {number}" for number in range(100)))
    expect(ada_page.locator('[data-state="sent"]')).to_have_count(1)
    ada_page.emulate_media(media="print")
    expect(ada_page.locator(".skip")).to_be_hidden()
    text = ada_page.locator('[data-state="sent"] .text')
    assert text.evaluate("(element) => element.scrollHeight <= element.clientHeight")


def test_forced_colours_show_the_focus_and_the_connection(open_page: Open, room: str) -> None:
    page = open_page(unique("Ada"), path=f"/rooms/{room}", forced_colors="active")
    outline = "(element) => [getComputedStyle(element).outlineStyle, getComputedStyle(element).outlineColor]"
    dot = """(element) => {
        const { backgroundColor, borderColor } = getComputedStyle(element, "::before");
        return backgroundColor === borderColor;
    }"""
    composer, status = page.locator(".composer-box"), page.locator("[data-status]")
    page.locator("[name=msg]").focus()
    assert composer.evaluate(outline)[0] == "solid"
    assert "0)" not in composer.evaluate(outline)[1].replace("0, 0)", "")
    assert status.evaluate(dot)
    away(page)
    assert not status.evaluate(dot)
    page.context.set_offline(False)
    live(page)


def test_a_message_that_waits_long_says_for_what(open_page: Open, room: str) -> None:
    page = open_page(unique("Ada"), path=f"/rooms/{room}")
    away(page)
    say(page, "written in the dark")
    expect(page.locator("[data-slot=waiting]")).to_be_hidden()
    expect(page.locator("[data-slot=waiting]")).to_have_text("Waiting for the connection…", timeout=8000)
    page.context.set_offline(False)
    expect(page.locator('[data-state="sent"]')).to_have_count(1, timeout=20_000)
    expect(page.locator("[data-slot=waiting]")).to_be_hidden()
