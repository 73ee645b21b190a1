"""Troubles on order: who meets them, how often, and what is left afterwards."""

from concurrent.futures import ThreadPoolExecutor
from http.client import RemoteDisconnected

import pytest
from telegram_server import LAN, MINH, Server, until_waiting

from sandbox.telegram.person import Person


def test_too_many_requests_for_one_chat(server: Server, lan: Person) -> None:
    """429 with retry_after so many times, and only for that chat."""
    server.person(MINH, "Minh").say("/start")
    server.act("faults", kind="429", chat_id=LAN, retry_after=7, times=2)
    assert server.call("sendMessage", chat_id=MINH, text="x").status == 200
    for _ in range(2):
        answer = server.call("sendMessage", chat_id=LAN, text="x")
        assert (answer.status, answer.refusal) == (429, "Too Many Requests: retry after 7")
        assert answer.body["parameters"] == {"retry_after": 7}
    assert server.call("sendMessage", chat_id=LAN, text="x").status == 200


def test_a_fault_can_name_its_method(server: Server, lan: Person) -> None:
    """Others go on, and the log tells when it struck."""
    server.act("faults", kind="error", method="editMessageText", code=500, description="Internal Server Error")
    assert server.call("sendMessage", chat_id=LAN, text="x").status == 200
    assert server.call("editMessageText", chat_id=LAN, message_id=2, text="y").status == 500
    assert server.call("editMessageText", chat_id=LAN, message_id=2, text="y").status == 200
    faults = [e for e in server.request("/_sandbox/telegram/log").body if e["kind"] == "fault"]
    assert [(e["fault"], e["method"]) for e in faults] == [("error", "editMessageText")]


def test_a_bad_gateway_answers_no_json(server: Server, lan: Person) -> None:
    """As Telegram's own front servers do."""
    server.act("faults", kind="502")
    answer = server.call("sendMessage", chat_id=LAN, text="x")
    assert (answer.status, answer.body[:6]) == (502, b"<html>")
    assert len(lan.chat()) == 1


def test_the_long_poll_is_spared_unless_named(server: Server, lan: Person) -> None:
    """Its repetitions would use the count up before the request that was meant."""
    server.act("faults", kind="502", times=1)
    assert server.call("getUpdates").status == 200
    assert server.call("getMe").status == 502
    server.act("faults", kind="502", method="getUpdates")
    assert server.call("getUpdates").status == 502


def test_a_slow_answer_comes_in_the_end(server: Server, lan: Person) -> None:
    """The delay is real time."""
    server.act("faults", kind="slow", delay_ms=30)
    assert server.call("sendMessage", chat_id=LAN, text="x").status == 200
    assert server.request("/_sandbox/telegram/faults").body == []


def test_a_lost_answer_leaves_its_effect(server: Server, lan: Person) -> None:
    """The message is in the chat although the bot never heard so."""
    server.act("faults", kind="lost_answer", method="sendMessage")
    with pytest.raises((RemoteDisconnected, ConnectionResetError)):
        server.call("sendMessage", chat_id=LAN, text="sent")
    assert lan.last()["text"] == "sent"


def test_down_cuts_everything_until_cleared(server: Server, lan: Person) -> None:
    """The waiting request too, and nothing of it reaches the chats."""
    offset = server.call("getUpdates").result[-1]["update_id"] + 1
    with ThreadPoolExecutor(1) as pool:
        poll = pool.submit(server.call, "getUpdates", offset=offset, timeout=30)
        until_waiting(server)
        server.act("faults", kind="down")
        with pytest.raises((RemoteDisconnected, ConnectionResetError)):
            poll.result(20)
    for method in ("getUpdates", "sendMessage"):
        with pytest.raises((RemoteDisconnected, ConnectionResetError)):
            server.call(method, chat_id=LAN, text="x")
    assert server.request("/_sandbox/telegram/faults", method="DELETE").body == []
    assert server.call("getMe").status == 200
    assert len(lan.chat()) == 1


def test_a_stranger_with_the_token_on_order(server: Server) -> None:
    """The waiting request gets the conflict at once, the next ones as often as ordered."""
    with ThreadPoolExecutor(1) as pool:
        poll = pool.submit(server.call, "getUpdates", timeout=30)
        until_waiting(server)
        server.act("faults", kind="conflict", times=2)
        assert poll.result(20).status == 409
    assert [server.call("getUpdates").status for _ in range(2)] == [409, 200]
