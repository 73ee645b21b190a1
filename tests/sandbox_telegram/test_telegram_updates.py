"""getUpdates: waiting, confirming, filtering, and two who ask at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from telegram_server import LAN, Answer, Server, until_waiting

from sandbox.telegram.person import Person

CONFLICT = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


def updates(server: Server, **parameters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.call("getUpdates", **parameters).result
    return found


def test_updates_stay_until_confirmed(server: Server, lan: Person) -> None:
    """An offset above an update's id forgets it; without one it comes again."""
    lan.say("two")
    first, second = updates(server)
    assert [first["message"]["text"], second["message"]["text"]] == ["/start", "two"]
    assert second["update_id"] == first["update_id"] + 1
    assert updates(server, limit=1) == [first]
    assert updates(server, offset=second["update_id"]) == [second]
    assert updates(server, offset=second["update_id"] + 1) == []


def test_a_negative_offset_keeps_the_last(server: Server, lan: Person) -> None:
    """Those before are forgotten for good."""
    lan.say("two")
    assert [update["message"]["text"] for update in updates(server, offset=-1)] == ["two"]
    assert len(updates(server)) == 1


def test_a_waiting_request_gets_the_next_update(server: Server, lan: Person) -> None:
    """The long poll ends when somebody writes."""
    offset = updates(server)[-1]["update_id"] + 1
    with ThreadPoolExecutor(1) as pool:
        poll = pool.submit(updates, server, offset=offset, timeout=30)
        until_waiting(server)
        lan.say("hi")
        assert [update["message"]["text"] for update in poll.result(20)] == ["hi"]


def test_the_first_of_two_pollers_gets_the_conflict(server: Server) -> None:
    """The newer request goes on, the one that waited is told."""
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(server.call, "getUpdates", timeout=30)
        until_waiting(server)
        second = pool.submit(server.call, "getUpdates", timeout=30)
        answer: Answer = first.result(20)
        assert (answer.status, answer.refusal) == (409, CONFLICT)
        until_waiting(server)
        server.person().say("/start")
        assert second.result(20).result[0]["message"]["text"] == "/start"


def test_only_wanted_kinds_are_queued(server: Server, lan: Person) -> None:
    """allowed_updates stays in force until it is named again; an empty list means the default."""
    updates(server, allowed_updates=["callback_query"], offset=-1)
    server.state.updates.pending.clear()
    lan.say("not wanted")
    assert updates(server) == []
    updates(server, allowed_updates=[])
    lan.say("wanted")
    lan.block()
    assert [set(update) - {"update_id"} for update in updates(server)] == [{"message"}, {"my_chat_member"}]


def test_pending_updates_can_be_dropped(server: Server, lan: Person) -> None:
    """deleteWebhook with drop_pending_updates empties the queue."""
    assert server.call("getWebhookInfo").result["pending_update_count"] == 1
    assert server.call("deleteWebhook", drop_pending_updates=True).result is True
    assert updates(server) == []


def test_a_stopping_server_lets_the_waiting_go(server: Server) -> None:
    """Nobody has to sit a long poll out before the sandbox can end."""
    done = threading.Event()

    def poll() -> None:
        assert server.call("getUpdates", timeout=50).result == []
        done.set()

    thread = threading.Thread(target=poll)
    thread.start()
    until_waiting(server)
    server.state_loop_call(server.state.close)
    assert done.wait(10)
    thread.join()


def test_a_command_is_marked_and_a_reply_names_its_message(server: Server, lan: Person) -> None:
    """Updates carry what command handlers and forms look at."""
    first = lan.chat()[0]["message_id"]
    lan.say("/oa 123", reply_to=first)
    message = updates(server)[-1]["message"]
    assert message["entities"] == [{"type": "bot_command", "offset": 0, "length": 3}]
    assert message["reply_to_message"]["message_id"] == first
    assert message["chat"] == {"id": LAN, "type": "private", "first_name": "Lan"}
    assert message["from"]["language_code"] == "vi"
