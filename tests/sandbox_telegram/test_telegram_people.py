"""The control paths: people write, tap and send files, and everything can be looked at."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from telegram_server import LAN, MINH, PNG, Server

from sandbox.telegram.person import NotSeen, Person, Refused

ROWS = [
    [{"text": "Gửi 5 tin", "callback_data": "go"}, {"text": "Gửi", "callback_data": "one"}],
    [{"text": "Mở", "url": "https://example.vn/x"}, {"text": "Mã", "copy_text": {"text": "-216"}}],
]


def with_buttons(server: Server) -> int:
    """The id of a message with buttons that the bot just sent to Lan."""
    markup = {"inline_keyboard": ROWS}
    return int(server.call("sendMessage", chat_id=LAN, text="?", reply_markup=markup).result["message_id"])


def last_update(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = server.call("getUpdates").result[-1]
    return found


def test_a_person_never_seen_may_start(server: Server) -> None:
    """`say` alone is enough: the chat is made, and the bot may answer."""
    assert server.act("say", person=MINH, text="/start").body["message_id"] == 1
    assert server.call("sendMessage", chat_id=MINH, text="hi").status == 200


def test_a_tap_reaches_the_bot_and_its_answer_the_person(server: Server, lan: Person) -> None:
    """With `wait` the alert comes back as the person would see it."""
    message_id = with_buttons(server)
    with ThreadPoolExecutor(1) as pool:
        tapping = pool.submit(lan.tap, "Gửi", wait=True)
        lan.wait_for("?")
        offset = server.call("getUpdates").result[-1]["update_id"]
        query = _query(server, offset)
        assert (query["data"], query["message"]["message_id"]) == ("one", message_id)
        answer = {"callback_query_id": query["id"], "text": "Xong", "show_alert": True}
        assert server.call("answerCallbackQuery", **answer).result is True
        done = tapping.result(20)
    assert (done["answered"], done["alert"], done["text"]) == (True, "Xong", "Xong")


def _query(server: Server, offset: int) -> dict[str, Any]:
    """The tap, waiting for it from the update at offset on."""
    for _ in range(2):
        for update in server.call("getUpdates", offset=offset, timeout=10).result:
            if "callback_query" in update:
                found: dict[str, Any] = update["callback_query"]
                return found
            offset = update["update_id"] + 1
    raise AssertionError("no tap came")


def test_a_tap_nobody_answers_says_so(server: Server, lan: Person) -> None:
    """After the time given, with no answer and no alert."""
    message_id = with_buttons(server)
    body = {"person": LAN, "message_id": message_id, "data": "go", "wait": True, "timeout": 0.01}
    assert server.act("tap", **body).body["answered"] is False


def test_a_label_or_its_beginning_names_the_button(server: Server, lan: Person) -> None:
    """The whole label wins over a longer one that begins so."""
    with_buttons(server)
    lan.tap("Gửi")
    assert last_update(server)["callback_query"]["data"] == "one"
    lan.tap("Gửi 5")
    assert last_update(server)["callback_query"]["data"] == "go"


def test_links_and_copy_buttons_stay_on_the_phone(server: Server, lan: Person) -> None:
    """They tell the bot nothing; the tap answers what the phone would open or copy."""
    with_buttons(server)
    before = last_update(server)
    assert lan.tap("Mở")["url"] == "https://example.vn/x"
    assert lan.tap("Mã")["copy_text"] == {"text": "-216"}
    assert last_update(server) == before


def test_a_button_that_is_not_there_now_cannot_be_tapped(server: Server, lan: Person) -> None:
    """Refused with what is there; `force` plays an app with an old screen."""
    message_id = with_buttons(server)
    with pytest.raises(Refused, match="it has: Gửi 5 tin, Gửi, Mở, Mã"):
        lan.tap_data("other", message_id)
    with pytest.raises(Refused, match="Xóa"):
        lan.tap("Xóa")
    server.call("deleteMessage", chat_id=LAN, message_id=message_id)
    with pytest.raises(Refused, match="deleted"):
        lan.tap_data("go", message_id)
    lan.tap_data("go", message_id, force=True)
    assert last_update(server)["callback_query"]["data"] == "go"


def test_a_late_answer_is_too_late(server: Server, lan: Person) -> None:
    """Unknown queries and old ones get the same words."""
    query = lan.tap_data("go", with_buttons(server))["callback_query_id"]
    server.now[0] += 3600
    for query_id in (query, "1"):
        answer = server.call("answerCallbackQuery", callback_query_id=query_id)
        assert answer.refusal == ("Bad Request: query is too old and response timeout expired or query ID is invalid")


def test_a_picture_comes_with_its_size(server: Server, lan: Person) -> None:
    """The bot gets photo sizes and a caption, and can download the bytes."""
    lan.send_photo(PNG, "menu")
    message = last_update(server)["message"]
    assert message["caption"] == "menu"
    size = message["photo"][-1]
    assert (size["width"], size["height"], size["file_size"]) == (640, 480, len(PNG))
    path = server.call("getFile", file_id=size["file_id"]).result["file_path"]
    raw = server.request(f"/telegram/file/bot7000000123:x/{path}")
    assert raw.body == PNG


def test_what_is_no_picture_is_refused(server: Server, lan: Person) -> None:
    """From either side."""
    with pytest.raises(Refused, match="IMAGE_PROCESS_FAILED"):
        lan.send_photo(b"not a picture")


def test_a_person_edits_a_text(server: Server, lan: Person) -> None:
    """The bot gets edited_message with the new words."""
    message_id = lan.say("/zns 090")
    server.act("edit", person=LAN, message_id=message_id, text="/zns 091")
    edited = last_update(server)["edited_message"]
    assert (edited["text"], edited["message_id"]) == ("/zns 091", message_id)


def test_blocking_tells_the_bot(server: Server, lan: Person) -> None:
    """my_chat_member both ways; a person who has blocked the bot cannot write."""
    lan.block()
    assert last_update(server)["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    with pytest.raises(Refused, match="unblock first"):
        lan.say("hello?")
    lan.unblock()
    assert last_update(server)["my_chat_member"]["new_chat_member"]["status"] == "member"


def test_a_group_has_its_own_chat(server: Server) -> None:
    """Members write into it, and the bot needs nobody's start to answer."""
    group = -1_001_000_000_001
    server.act("groups", id=group, title="Ca sáng")
    server.act("say", person=MINH, chat_id=group, text="/stats")
    assert last_update(server)["message"]["chat"] == {"id": group, "type": "supergroup", "title": "Ca sáng"}
    assert server.call("sendMessage", chat_id=group, text="x").status == 200


@pytest.mark.parametrize(
    ("act", "body", "status"),
    [
        ("people", {"id": "x"}, 400),
        ("people", {"id": -5}, 400),
        ("groups", {"id": 5}, 400),
        ("say", {"person": LAN, "text": " "}, 400),
        ("say", {"person": LAN, "text": "x" * 4097}, 400),
        ("say", {"person": LAN, "text": 5}, 400),
        ("say", {"person": LAN, "text": "x", "reply_to": 99}, 404),
        ("say", {"person": LAN, "chat_id": -1, "text": "x"}, 404),
        ("tap", {"person": LAN, "message_id": 99, "data": "x"}, 404),
        ("edit", {"person": LAN, "message_id": 99, "text": "x"}, 404),
        ("send_document", {"person": LAN, "data": "?"}, 400),
        ("send_document", {"person": LAN, "data": ""}, 400),
        ("faults", {"kind": "flood"}, 400),
        ("faults", {"kind": "429", "times": "3"}, 400),
        ("faults", {"kind": "429", "seconds": 3}, 400),
    ],
)
def test_a_wrong_act_is_refused_with_its_reason(
    server: Server, lan: Person, act: str, body: dict[str, Any], status: int
) -> None:
    """The playwright made a mistake: never a 500, never half done."""
    answer = server.act(act, **body)
    assert answer.status == status
    assert answer.body["error"]
    assert len(lan.chat()) == 1


@pytest.mark.parametrize("raw", [b"{", b"[]"])
def test_a_broken_control_body_is_refused(server: Server, raw: bytes) -> None:
    """400 with a reason."""
    assert server.request("/_sandbox/telegram/say", raw).status == 400


@pytest.mark.parametrize("path", ["chat/5", "files/x", "commands?person=5", "log?after=x", "wait?timeout=x"])
def test_looking_for_what_is_not_there(server: Server, path: str) -> None:
    """4xx with a reason."""
    assert server.request(f"/_sandbox/telegram/{path}").status in (400, 404)


def test_the_log_tells_everything_in_order(server: Server, lan: Person) -> None:
    """Numbers without gaps; `after` and `chat_id` choose."""
    message_id = with_buttons(server)
    query = lan.tap_data("go", message_id)["callback_query_id"]
    server.call("answerCallbackQuery", callback_query_id=query)
    server.call("editMessageText", chat_id=LAN, message_id=message_id, text="Đã gửi")
    server.call("deleteMessage", chat_id=LAN, message_id=message_id)
    server.person(MINH, "Minh").say("/start")
    entries = server.request("/_sandbox/telegram/log").body
    assert [entry["n"] for entry in entries] == list(range(1, 8))
    kinds = [entry["kind"] for entry in entries if entry["chat_id"] == LAN]
    assert kinds == ["message", "message", "tap", "callback_answer", "edit", "delete"]
    young = server.request(f"/_sandbox/telegram/log?after=4&chat_id={LAN}").body
    assert [entry["n"] for entry in young] == [5, 6]
    assert young[0]["message"]["text"] == "Đã gửi"


def test_waiting_on_the_log_ends_with_the_next_entry(server: Server, lan: Person) -> None:
    """Tests need no sleeping; without an entry it ends empty after its time."""
    assert server.request("/_sandbox/telegram/wait?after=1&timeout=0.01").body == []
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(server.request, f"/_sandbox/telegram/wait?chat_id={LAN}&after=1&timeout=30")
        server.person(MINH, "Minh").say("/start")
        with_buttons(server)
        assert [entry["text"] for entry in waiting.result(20).body] == ["?"]


def test_wait_for_sees_what_came_since_the_last_act_only(server: Server, lan: Person) -> None:
    """An answer that came before the wait counts, one to an earlier act does not."""
    server.call("sendMessage", chat_id=LAN, text="old answer")
    assert lan.wait_for("old")["text"] == "old answer"
    lan.say("again")
    with pytest.raises(NotSeen, match="nothing"):
        lan.wait_for("old", timeout=0.05)
    message_id = with_buttons(server)
    assert lan.wait_for("Gửi 5")["message_id"] == message_id
    with pytest.raises(NotSeen, match="Gửi 5 tin"):
        lan.wait_for(lambda message: message["edited"], timeout=0.05)


def test_wait_until_deleted_ends_when_the_message_is_gone(server: Server, lan: Person) -> None:
    """Also when it was gone before; else it says so."""
    message_id = lan.say("token")
    with pytest.raises(NotSeen, match="was not deleted"):
        lan.wait_until_deleted(message_id, timeout=0.05)
    server.call("deleteMessage", chat_id=LAN, message_id=message_id)
    lan.wait_until_deleted(message_id)
