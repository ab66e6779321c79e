"""Drawing a text takes time in proportion to its length, as its parsing does in tests/test_growth.py."""

from playwright.sync_api import Page

from tests.support.texts import AWKWARD
from tests.test_growth import LEAST_IN_A_PAGE, LENGTHS, RUNS, TRIES, fits

MEASURE = """async ({ texts, runs }) => {
    const { drawn } = await import("/static/js/feed/entry.js");
    const { Composer } = await import("/static/js/room/composer.js");
    const form = document.querySelector("[data-composer]").cloneNode(true);
    new Composer(form, { room: "of a test", onSend: () => {}, onTyping: () => {} });
    const acts = {
        "an entry": (text) =>
            drawn({ seq: 1, id: "1", user: { id: "f00d", name: text.slice(0, 32) }, at: Date.now(), text }),
        "a key": (text) => {
            form.elements.msg.value = text;
            form.elements.msg.dispatchEvent(new Event("input"));
        },
    };
    const found = {};
    for (const [act, name, length, text] of Object.keys(acts).flatMap((each) => texts.map((text) => [each, ...text]))) {
        let least = Infinity;
        for (let run = 0; run < runs; run += 1) {
            const begin = performance.now();
            acts[act](text);
            least = Math.min(least, performance.now() - begin);
        }
        ((found[act] ??= {})[name] ??= {})[length] = least;
    }
    return found;
}"""


def test_the_page_draws_a_text_in_time_by_its_length(ada_page: Page) -> None:
    left = set(AWKWARD)
    for _ in range(TRIES):
        texts = [(name, length, AWKWARD[name](length)) for name in left for length in LENGTHS]
        found = ada_page.evaluate(MEASURE, {"texts": texts, "runs": RUNS})
        wrong = {
            f"{act} of {name}": times
            for act, by_name in found.items()
            for name, times in by_name.items()
            if not fits({int(length): time for length, time in times.items()}, LEAST_IN_A_PAGE)
        }
        left = {each.partition(" of ")[2] for each in wrong}
        if not wrong:
            break
    assert not wrong
