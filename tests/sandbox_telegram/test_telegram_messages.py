"""Sending, editing and deleting over raw HTTP: what Telegram accepts, and what it refuses with which words."""

from typing import Any
from urllib.parse import urlencode

import pytest
from telegram_server import LAN, MINH, TOKEN, Server

from sandbox.telegram.person import Person

NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly "
    "the same as a current content and reply markup of the message"
)
UNREADABLE = "can't parse inline keyboard button"
BAD_URL = "inline keyboard button URL"
KEYBOARD = {"inline_keyboard": [[{"text": "Có", "callback_data": "yes"}]]}


def sent(server: Server, text: str = "hello", **more: Any) -> int:
    """The id of a message the bot just sent to Lan."""
    return int(server.call("sendMessage", chat_id=LAN, text=text, **more).result["message_id"])


@pytest.mark.parametrize("token", ["nonsense", "12:", ":abc", "0:abc", "12:a b"])
def test_a_malformed_token_is_unauthorized(server: Server, token: str) -> None:
    """401, whatever the method."""
    answer = server.request(f"/telegram/bot{token.replace(' ', '%20')}/getMe")
    assert (answer.status, answer.refusal) == (401, "Unauthorized")


def test_tokens_can_be_restricted(server: Server) -> None:
    """With a list, a well-formed stranger is turned away."""
    server.state.tokens = frozenset({TOKEN})
    assert server.call("getMe").result["id"] == 7000000123
    assert server.call("getMe", token="7000000124:other").status == 401


def test_an_unknown_method_is_not_found(server: Server) -> None:
    """404, and the case of a known name does not matter."""
    assert server.call("sendEverything").refusal == "Not Found: method not found"
    assert server.call("GETME").result["is_bot"] is True


@pytest.mark.parametrize("form", ["query", "urlencoded", "json", "multipart"])
def test_parameters_may_come_in_any_encoding(server: Server, lan: Person, form: str) -> None:
    """The four encodings of the Bot API give the same message."""
    path = f"/telegram/bot{TOKEN}/sendMessage"
    if form == "json":
        server.call("sendMessage", chat_id=LAN, text="chào", reply_markup=KEYBOARD)
    elif form == "multipart":
        markup = '{"inline_keyboard": [[{"text": "Có", "callback_data": "yes"}]]}'
        fields = {"chat_id": str(LAN), "text": "chào", "reply_markup": markup}
        parts = [
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
        ]
        server.request(path, ("".join(parts) + "--b--\r\n").encode(), "multipart/form-data; boundary=b")
    else:
        coded = urlencode({"chat_id": LAN, "text": "chào", "reply_markup": str(KEYBOARD).replace("'", '"')})
        if form == "query":
            server.request(f"{path}?{coded}")
        else:
            server.request(path, coded.encode(), "application/x-www-form-urlencoded")
    assert lan.last()["text"] == "chào"
    assert lan.last()["keyboard"] == [[{"text": "Có", "data": "yes"}]]


@pytest.mark.parametrize("raw", [b"{", b"[]", b"\xff\xfe"])
def test_a_broken_body_is_a_bad_request(server: Server, raw: bytes) -> None:
    """Never a 500."""
    assert server.request(f"/telegram/bot{TOKEN}/sendMessage", raw).status == 400


def test_what_a_message_carries_is_kept_and_shown(server: Server, lan: Person) -> None:
    """Protection, silence, preview options, reply and button colours reach the control view."""
    first = sent(server)
    button = {"text": "Xem", "url": "http://127.0.0.1:8000/x", "style": "primary"}
    sent(
        server,
        "<b>xong</b>",
        parse_mode="HTML",
        protect_content=True,
        disable_notification=True,
        link_preview_options={"is_disabled": True},
        reply_parameters={"message_id": first},
        reply_markup={"inline_keyboard": [[button]]},
    )
    seen = lan.last()
    assert (seen["text"], seen["html"], seen["reply_to"]) == ("xong", "<b>xong</b>", first)
    assert seen["protect_content"] is seen["disable_notification"] is True
    assert seen["link_preview_options"] == {"is_disabled": True}
    assert seen["keyboard"] == [[button]]


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": " \n "}, "message text is empty"),
        ({"text": "<b> </b>", "parse_mode": "HTML"}, "message text is empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "😀" * 2049}, "message is too long"),
        ({"text": "x</b>", "parse_mode": "HTML"}, "can't parse entities: Unexpected end tag at byte offset 1"),
        ({"text": "x", "chat_id": 1}, "chat not found"),
        ({"text": "x", "chat_id": "@nobody"}, "chat not found"),
        ({"text": "x", "chat_id": ""}, "chat_id is empty"),
        ({"text": "x", "reply_parameters": {"message_id": 99}}, "message to be replied not found"),
        ({"text": "x", "reply_markup": []}, "object expected as reply markup"),
        ({"text": "x", "entities": [{}]}, "can't parse message entities: expected an Array of MessageEntity"),
    ],
)  # fmt: skip
def test_a_wrong_message_is_refused(server: Server, lan: Person, parameters: dict[str, Any], reason: str) -> None:
    """In Telegram's words, and nothing reaches the chat."""
    answer = server.call("sendMessage", **{"chat_id": LAN, **parameters})
    assert (answer.status, answer.refusal) == (400, f"Bad Request: {reason}")
    assert len(lan.chat()) == 1


def test_the_limit_counts_what_is_left_after_parsing(server: Server, lan: Person) -> None:
    """4096 visible units fit, however much markup stands around them."""
    sent(server, "<b>" + "&lt;" * 4096 + "</b>", parse_mode="HTML")
    assert len(lan.last()["text"]) == 4096


@pytest.mark.parametrize(
    ("button", "reason"),
    [
        ({"text": "x", "callback_data": "đ" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": "x"}, f"{UNREADABLE}: Text buttons are unallowed in the inline keyboard"),
        ({"callback_data": "x"}, UNREADABLE + ': Can\'t find field "text"'),
        ({"text": "x", "callback_data": "x", "style": "pink"}, f"{UNREADABLE}: invalid button style specified"),
        ({"text": "x", "url": "http://localhost"}, f"{BAD_URL} 'http://localhost' is invalid: Wrong HTTP URL"),
        ({"text": "x", "url": "ftp://a.vn"}, f"{BAD_URL} 'ftp://a.vn' is invalid: Unsupported URL protocol"),
        ({"text": "x", "copy_text": {"text": "y" * 257}}, "BUTTON_COPY_TEXT_INVALID"),
        ("x", f"{UNREADABLE}: expected an Object"),
    ],
)  # fmt: skip
def test_a_wrong_button_is_refused(server: Server, lan: Person, button: Any, reason: str) -> None:
    """Buttons are checked before anything is sent."""
    markup = {"inline_keyboard": [[button]]}
    answer = server.call("sendMessage", chat_id=LAN, text="x", reply_markup=markup)
    assert answer.refusal == f"Bad Request: {reason}"
    assert len(lan.chat()) == 1


def test_sixty_four_bytes_of_data_fit(server: Server, lan: Person) -> None:
    """The limit counts bytes, and the last one is allowed."""
    sent(server, reply_markup={"inline_keyboard": [[{"text": "x", "callback_data": "đ" * 32}]]})
    assert lan.last()["keyboard"][0][0]["data"] == "đ" * 32


def test_an_edit_replaces_text_and_keyboard(server: Server, lan: Person) -> None:
    """A keyboard not repeated disappears; the history keeps what was there."""
    message_id = sent(server, "one", reply_markup=KEYBOARD)
    edited = server.call("editMessageText", chat_id=LAN, message_id=message_id, text="two").result
    assert "reply_markup" not in edited
    assert edited["edit_date"]
    seen = lan.last()
    assert (seen["text"], seen["keyboard"], seen["edited"], seen["edits"]) == ("two", [], True, 1)
    shown = server.request(f"/_sandbox/telegram/chat/{LAN}?history=1").body["messages"][-1]
    assert [old["text"] for old in shown["history"]] == ["one"]


def test_an_edit_that_changes_nothing_is_refused(server: Server, lan: Person) -> None:
    """Text, formatting and keyboard count together."""
    message_id = sent(server, "<b>x</b>", parse_mode="HTML", reply_markup=KEYBOARD)
    same: dict[str, Any] = {"chat_id": LAN, "message_id": message_id, "parse_mode": "HTML", "reply_markup": KEYBOARD}
    assert server.call("editMessageText", text="<b>x</b>", **same).refusal == NOT_MODIFIED
    assert server.call("editMessageReplyMarkup", **same).refusal == NOT_MODIFIED
    assert server.call("editMessageText", text="<i>x</i>", **same).status == 200
    assert lan.last()["edits"] == 1


def test_only_present_messages_of_the_bot_can_be_edited(server: Server, lan: Person) -> None:
    """Gone, somebody else's, or of the wrong kind: each has its own words."""
    theirs, mine = lan.chat()[0]["message_id"], sent(server)

    def refusal(method: str, message_id: int | str) -> str:
        return server.call(method, chat_id=LAN, message_id=message_id, text="x", caption="x").refusal

    assert refusal("editMessageText", 99) == "Bad Request: message to edit not found"
    assert refusal("editMessageText", theirs) == "Bad Request: message can't be edited"
    assert refusal("editMessageText", "") == "Bad Request: message identifier is not specified"
    assert refusal("editMessageCaption", mine) == "Bad Request: there is no caption in the message to edit"
    server.call("deleteMessage", chat_id=LAN, message_id=mine)
    assert refusal("editMessageText", mine) == "Bad Request: message to edit not found"


def test_deleting_works_for_both_sides_and_once(server: Server, lan: Person) -> None:
    """The bot may delete what the person wrote; the view keeps it, marked with the time."""
    message_id = lan.say("my secret token")
    server.now[0] += 5
    assert server.call("deleteMessage", chat_id=LAN, message_id=message_id).result is True
    seen = lan.chat()[-1]
    assert (seen["deleted"], seen["deleted_at"]) == (True, server.now[0])
    again = server.call("deleteMessage", chat_id=LAN, message_id=message_id)
    assert again.refusal == "Bad Request: message to delete not found"


def test_old_messages_cannot_be_deleted(server: Server, lan: Person) -> None:
    """Telegram's 48 hours, by the sandbox's clock."""
    message_id = sent(server)
    server.now[0] += 48 * 3600 + 1
    answer = server.call("deleteMessage", chat_id=LAN, message_id=message_id)
    assert answer.refusal == "Bad Request: message can't be deleted for everyone"


def test_several_messages_are_deleted_at_once(server: Server, lan: Person) -> None:
    """Unknown ids are passed over; more than a hundred are refused."""
    ids = [sent(server), sent(server)]
    assert server.call("deleteMessages", chat_id=LAN, message_ids=[*ids, 99]).result is True
    assert [message["deleted"] for message in lan.chat()] == [False, True, True]
    answer = server.call("deleteMessages", chat_id=LAN, message_ids=list(range(1, 102)))
    assert answer.refusal == "Bad Request: too many message identifiers specified"


def test_who_did_not_start_or_has_blocked_gets_nothing(server: Server, lan: Person) -> None:
    """403 with the words bots know, until the person comes back."""
    server.person(MINH, "Minh")
    answer = server.call("sendMessage", chat_id=MINH, text="x")
    assert (answer.status, answer.refusal) == (403, "Forbidden: bot can't initiate conversation with a user")
    lan.block()
    answer = server.call("sendMessage", chat_id=LAN, text="x")
    assert (answer.status, answer.refusal) == (403, "Forbidden: bot was blocked by the user")
    lan.unblock()
    assert sent(server)


def test_message_ids_grow_by_chat(server: Server, lan: Person) -> None:
    """Each chat counts for itself, both sides together."""
    minh = server.person(MINH, "Minh")
    assert (minh.say("/start"), sent(server), lan.say("x"), minh.say("y")) == (1, 2, 3, 2)


def test_chat_actions_are_checked_and_logged(server: Server, lan: Person) -> None:
    """A known action shows in the log, an unknown one is refused."""
    assert server.call("sendChatAction", chat_id=LAN, action="typing").result is True
    assert server.request("/_sandbox/telegram/log?after=1").body[0]["action"] == "typing"
    assert server.call("sendChatAction", chat_id=LAN, action="dance").status == 400
