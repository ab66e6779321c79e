"""The events of a client: each answered, checked and authorised."""

import secrets
import threading

import pytest

from chat.domain import Chat
from chat.live import schemas
from tests.conftest import Connect
from tests.support.clients import Client, PythonClient, unique
from tests.support.servers import Server
from tests.support.waiting import eventually


def test_two_people_on_two_workers_talk(ada: Client, ben: Client) -> None:
    """The sequence of the tutorial: a name, who is online, a message, who left."""
    ada.wait_told("joined", ben.user)
    said = ada.say("hello from Python")
    heard = ben.wait("message", id=said["id"])
    assert heard["text"] == "hello from Python"
    assert heard["user"] == ada.user
    assert ada.wait("message", id=said["id"]) == heard

    answer = ben.say("hello from JavaScript")
    assert ada.wait("message", id=answer["id"])["user"] == ben.user

    ada.close()
    ben.wait_told("left", ada.user, within=25)


def test_a_reconnect_within_the_grace_is_told_to_nobody(connect: Connect, ada: Client, ben: Client) -> None:
    ada.wait_told("joined", ben.user)
    ben.close()
    again = connect()
    again.ok("setUsername", {"user": ben.user["name"], "token": ben.token})
    witness = connect(unique("Witness"))
    ada.wait_told("joined", witness.user)
    assert not ada.told("left", ben.user)


def test_a_claim_sent_again_with_its_id_has_the_same_person_and_token(connect: Connect) -> None:
    name, id = unique("Bot"), secrets.token_urlsafe(24)
    first, again, other = connect(), connect(), connect()
    answer = first.ok("setUsername", {"user": name, "id": id})
    repeated = again.ok("setUsername", {"user": name, "id": id})
    assert (repeated["user"], repeated["token"]) == (answer["user"], answer["token"])
    assert id not in str(answer)
    for guess in ({}, {"id": secrets.token_urlsafe(24)}):
        assert other.refused("setUsername", {"user": name, **guess})["code"] == "name_taken"
    assert other.ok("setUsername", {"user": name, "token": answer["token"]})["user"] == answer["user"]


@pytest.mark.parametrize("id", ["", "x", "x" * 31, "x" * 65, "x" * 32 + "\n", "é" * 32, "x y" * 12, 7])
def test_an_id_that_could_be_guessed_claims_nothing(connect: Connect, chat: Chat, id: object) -> None:
    name = unique("Bot")
    assert connect().refused("setUsername", {"user": name, "id": id})["code"] == "invalid"
    chat.people.claim(name, "127.0.0.1")


def test_the_same_id_sent_twice_stands_once(ada: Client, ben: Client, room: str) -> None:
    for client in (ada, ben):
        client.ok("join", {"room": room})
    first = ada.say("once", id="the-same", room=room)
    assert ada.say("once", id="the-same", room=room) == first
    # The id is each person's own.
    assert ben.say("mine", id="the-same", room=room)["seq"] == first["seq"] + 1
    ada.say("last", room=room)
    eventually(lambda: "last" in ben.texts(room))
    assert ben.texts(room) == ["once", "mine", "last"]


def test_a_payload_that_claims_another_name_speaks_in_ones_own(ada: Client, ben: Client) -> None:
    said = ada.say("it was not me", user=ben.user, name=ben.user["name"])
    assert ben.wait("message", id=said["id"])["user"] == ada.user


def test_the_tutorials_send_without_an_id_is_taken(ada: Client, ben: Client) -> None:
    answer = ada.ok("sendMessage", {"user": ada.user["name"], "msg": "as in the tutorial"})
    assert ben.wait("message", id=answer["id"])["text"] == "as in the tutorial"


@pytest.mark.parametrize("disguise", [str.upper, lambda name: name.replace("A", "А")], ids=["case", "look-alike"])
def test_a_name_taken_in_disguise_is_refused(connect: Connect, ada: Client, disguise) -> None:
    error = connect().refused("setUsername", {"user": disguise(ada.user["name"])})
    assert error["code"] == "name_taken"


def test_a_token_brings_the_same_person_back(connect: Connect, ada: Client) -> None:
    again = connect()
    assert again.refused("setUsername", {"user": ada.user["name"], "token": "guessed"})["code"] == "name_taken"
    assert again.ok("setUsername", {"user": ada.user["name"], "token": ada.token})["user"] == ada.user


def test_a_connection_keeps_its_name(ada: Client) -> None:
    assert ada.refused("setUsername", {"user": unique("Other")})["code"] == "already_named"
    assert ada.ok("setUsername", {"user": ada.user["name"]})["user"] == ada.user


def test_two_workers_show_one_order_under_interleaved_sends(ada: Client, ben: Client, room: str) -> None:
    for client in (ada, ben):
        client.ok("join", {"room": room})

    def talk(client: Client) -> None:
        for number in range(100):
            client.say(f"{client.user['name']} {number}", room=room)

    talkers = [threading.Thread(target=talk, args=[client]) for client in (ada, ben)]
    for talker in talkers:
        talker.start()
    for talker in talkers:
        talker.join()
    for client in (ada, ben):
        eventually(lambda client=client: len(client.texts(room)) == 200)
        assert [entry["seq"] for entry in client.got("message", room=room)] == list(range(1, 201))
    assert ada.texts(room) == ben.texts(room)


@pytest.mark.parametrize("event", ["join", "leave", "sendMessage", "history", "typing", "read"])
def test_nothing_but_a_name_is_taken_from_nobody(connect: Connect, event: str) -> None:
    payload = {"room": "work", "msg": "x", "id": "1", "on": True, "seq": 0}
    assert connect().refused(event, payload)["code"] == "not_signed_in"


@pytest.mark.parametrize("event", ["sendMessage", "history", "typing", "read", "leave"])
def test_a_room_is_closed_to_who_is_no_member(ada: Client, room: str, event: str) -> None:
    payload = {"room": room, "msg": "x", "id": "1", "on": True, "seq": 0}
    assert ada.refused(event, payload)["code"] == "room_not_found"


def test_who_left_a_room_hears_and_says_nothing_there(ada: Client, ben: Client, room: str) -> None:
    for client in (ada, ben):
        client.ok("join", {"room": room})
    ada.ok("leave", {"room": room})
    ben.wait_told("left", ada.user, room)
    ben.say("without Ada", room=room)
    eventually(lambda: ben.texts(room))
    assert ada.refused("sendMessage", {"msg": "still here", "room": room})["code"] == "room_not_found"
    marker = ben.say("a marker in the default room")
    ada.wait("message", id=marker["id"])
    assert ada.texts(room) == []


def test_leaving_ends_all_of_ones_connections_on_every_worker(
    connect: Connect, server: Server, ada: Client, ben: Client, room: str
) -> None:
    elsewhere = [connect(not_on=server.worker_of(client.port())) for client in (ada, ben)]
    for client in elsewhere:
        client.ok("setUsername", {"user": ada.user["name"], "token": ada.token})
    for client in (ben, ada, *elsewhere):
        client.ok("join", {"room": room})
    ben.wait_told("joined", ada.user, room)
    ben.say("before", room=room)
    ada.ok("leave", {"room": room})
    for number in range(20):
        ben.say(f"after {number}", room=room)
    ben.wait_told("left", ada.user, room, within=5)
    marker = ben.say("a marker in the default room")
    for client in (ada, *elsewhere):
        client.wait("left", room=room)
        client.wait("message", id=marker["id"])
        # All that was said before, and nothing after.
        assert client.texts(room) == ["before"]
        for event in ("sendMessage", "typing", "history", "people", "read"):
            payload = {"room": room, "msg": "x", "on": True, "seq": 1}
            assert client.refused(event, payload)["code"] == "room_not_found"
    assert ben.got("left") == []
    assert [person["name"] for person in ben.ok("people", {"room": room})["list"]] == [ben.user["name"]]


def test_a_leaving_that_is_asked_for_by_a_page_ends_connections_too(
    chat: Chat, ada: Client, ben: Client, room: str
) -> None:
    for client in (ada, ben):
        client.ok("join", {"room": room})
    person = chat.people.find(ada.user["id"])
    assert person
    chat.memberships.leave(person, room)
    ada.wait("left", room=room)
    ben.say("unheard", room=room)
    ben.wait("message", room=room)
    marker = ben.say("a marker in the default room")
    ada.wait("message", id=marker["id"])
    assert ada.texts(room) == []


def test_only_an_act_makes_one_a_member_again(ada: Client, room: str) -> None:
    assert ada.refused("join", {"room": room, "renew": True})["code"] == "room_not_found"
    ada.ok("join", {"room": room})
    ada.ok("join", {"room": room, "renew": True})
    ada.ok("leave", {"room": room})
    assert ada.refused("join", {"room": room, "renew": True})["code"] == "room_not_found"
    ada.ok("join", {"room": room})
    ada.say("back", room=room)
    ada.wait("message", room=room, text="back")


def test_nobody_leaves_the_default_room(ada: Client) -> None:
    assert ada.refused("leave", {"room": "work"})["code"] == "invalid"
    assert ada.ok("join", {"room": "work", "renew": True})["room"] == "work"


def events_with_a_room() -> list[str]:
    """Every event whose payload names a room, found by its schema."""
    named = [name for name, each in vars(schemas).items() if "room" in getattr(each, "__struct_fields__", ())]
    return [name[0].lower() + name[1:] for name in named]


@pytest.mark.parametrize(
    "name", ["work:log", "work:members", "work\0", "work\n", "\nwork", " ", "{0}", "x" * 200, "*", ""]
)
def test_what_no_room_can_be_called_is_not_found_by_any_event(ada: Client, name: str) -> None:
    assert len(events_with_a_room()) >= 7
    for event in events_with_a_room():
        payload = {"room": name, "msg": "x", "on": True, "seq": 1}
        if event == "sendMessage" and not name:
            continue
        assert ada.refused(event, payload)["code"] == "room_not_found", event


@pytest.mark.parametrize(
    ("event", "payload", "said"),
    [
        ("join", {}, "room"),
        ("join", {"room": 3}, "Expected str, got int"),
        ("join", "work", "one JSON object"),
        ("join", {"room": "work", "after": {"epoch": "x", "seq": -1}}, "seq"),
        ("join", {"room": "x" * 201}, "length"),
        ("history", {"room": "work", "limit": 0}, "limit"),
        ("history", {"room": "work", "limit": 201}, "limit"),
        ("history", {"room": "work", "before": 3, "after": 3}, "not for both"),
        ("sendMessage", {"msg": None}, "Expected str, got null"),
        ("sendMessage", {"msg": "x", "id": "with space"}, "id"),
        ("sendMessage", {"msg": "x", "id": "x" * 65}, "id"),
        ("sendMessage", {"msg": "x", "id": "x\n"}, "id"),
        ("sendMessage", {"msg": "x", "id": "x" * 64 + "\n"}, "id"),
        ("sendMessage", {"msg": "x", "id": "\nx"}, "id"),
        ("sendMessage", {"msg": "x", "id": ""}, "id"),
        ("typing", {"room": "work", "on": 1}, "Expected bool, got int"),
        ("read", {"room": "work", "seq": 2**60}, "seq"),
    ],
)
def test_a_wrong_type_or_length_is_refused_with_what_was_expected(ada: Client, event, payload, said) -> None:
    error = ada.refused(event, payload)
    assert error["code"] == "invalid"
    assert said in error["message"]


@pytest.mark.parametrize("event", ["connect", "disconnect", "nonsense", "", "*"])
def test_there_are_no_other_events(ada: Client, event: str) -> None:
    assert ada.refused(event, {}) == {"code": "unknown_event", "message": "There is no event of that name."}
    ada.say("and the connection lives")


def test_a_message_has_a_limit_and_a_body(ada: Client) -> None:
    assert ada.refused("sendMessage", {"msg": "x" * 10_001})["code"] == "message_too_long"
    for text in (" \n\t ", "\u3164", "\u2800 \u200b", "\x00\x1b"):
        assert ada.refused("sendMessage", {"msg": text})["code"] == "message_empty", text
    ada.say("🎈" * 10_000)


def test_a_message_is_what_was_written_without_what_nobody_can_see(ada: Client, room: str) -> None:
    ada.ok("join", {"room": room})
    for written, kept in {
        "\U0003fffd": "\U0003fffd",
        "\ue000": "\ue000",
        "می\u200cخواهم 👨\u200d👩\u200d👧": "می\u200cخواهم 👨\u200d👩\u200d👧",
        "\x1b[1mbold\x00\r\n\tZ" + "\u0301" * 9_000: "[1mbold\n\tZ" + "\u0301" * 8,
        "\x00" * 12_000 + "x": "x",
    }.items():
        said = ada.ok("sendMessage", {"room": room, "msg": written})
        assert ada.wait("message", id=said["id"])["text"] == kept


def test_joining_answers_with_what_came_after_a_position(ada: Client, room: str) -> None:
    joined = ada.ok("join", {"room": room})
    assert (joined["head"], joined["entries"], joined["complete"]) == (0, [], True)
    for number in range(1, 8):
        ada.say(str(number), room=room)
    position = {"epoch": joined["epoch"], "seq": 2}
    again = ada.ok("join", {"room": room, "after": position, "limit": 3})
    assert [entry["seq"] for entry in again["entries"]] == [3, 4, 5]
    assert again["complete"] is False
    rest = ada.ok("history", {"room": room, "after": 5})
    assert [entry["seq"] for entry in rest["entries"]] == [6, 7]
    assert rest["complete"] is True
    older = ada.ok("history", {"room": room, "before": 4, "limit": 2})
    assert [entry["seq"] for entry in older["entries"]] == [2, 3]
    assert older["complete"] is False


@pytest.mark.parametrize("position", [{"epoch": "another", "seq": 1}, {"seq": 99}], ids=["epoch", "beyond the head"])
def test_a_position_that_the_log_does_not_continue_from_is_reset(ada: Client, room: str, position) -> None:
    epoch = ada.ok("join", {"room": room})["epoch"]
    for number in range(3):
        ada.say(str(number), room=room)
    joined = ada.ok("join", {"room": room, "after": {"epoch": epoch, **position}})
    assert joined["reset"] is True
    assert [entry["seq"] for entry in joined["entries"]] == [1, 2, 3]


def test_typing_reaches_the_others_and_ends_on_send_and_on_leaving(ada: Client, ben: Client, room: str) -> None:
    for client in (ada, ben):
        client.ok("join", {"room": room})
    ada.ok("typing", {"room": room, "on": True})
    ben.wait("typing", room=room, user=ada.user, on=True)
    ada.say("done", room=room)
    ben.wait("typing", room=room, user=ada.user, on=False)
    ben.ok("typing", {"room": room, "on": True})
    ada.wait("typing", room=room, user=ben.user, on=True)
    ben.close()
    ada.wait("typing", room=room, user=ben.user, on=False)
    assert ada.got("typing", user=ada.user) == []


def test_reading_in_one_place_is_told_in_the_others(connect: Connect, ada: Client, room: str) -> None:
    ada.ok("join", {"room": room})
    elsewhere = connect()
    elsewhere.ok("setUsername", {"user": ada.user["name"], "token": ada.token})
    ada.say("one", room=room)
    ada.say("two", room=room)
    assert ada.ok("read", {"room": room, "seq": 99})["read"] == 2
    elsewhere.wait("unread", room=room, read=2)
    # Reading never goes back.
    assert ada.ok("read", {"room": room, "seq": 1})["read"] == 2
    assert elsewhere.ok("join", {"room": room})["read"] == 2


def test_a_name_given_back_ends_every_connection_of_it(chat: Chat, connect: Connect, ada: Client, ben: Client) -> None:
    assert isinstance(ada, PythonClient)
    ada.wait_told("joined", ada.user)
    chat.sign_out(ada.user["id"])
    ada.wait("signedOut", within=5)
    assert ada.ended.wait(5)
    ben.wait_told("left", ada.user, within=5)
    assert connect().ok("setUsername", {"user": ada.user["name"]})["user"]["id"] != ada.user["id"]


def test_who_comes_in_again_while_they_are_put_out_leaves_no_membership(chat: Chat, ada: Client, room: str) -> None:
    person = chat.people.find(ada.user["id"])
    assert person
    # What putting out does first, and what a client does until its connection is closed.
    chat.memberships.leave_all(person)
    chat.store.ask(*chat.people.releasing(person))
    ada.ok("join", {"room": room})
    chat.bus.signal("signedOut", {"user": person.id})
    ada.wait("signedOut")
    eventually(lambda: chat.access.strangers(room, [person.id]) == [person.id])
    assert chat.memberships.of(person) == {}


def test_a_room_that_goes_is_told_to_everybody_who_said_who_they_are(
    chat: Chat, connect: Connect, ada: Client, ben: Client, room: str
) -> None:
    stranger = connect()
    chat.removals.remove(room)
    for client in (ada, ben):
        client.wait("roomRemoved", room=room)
    stranger.ok("ping", {})
    assert stranger.events == []
