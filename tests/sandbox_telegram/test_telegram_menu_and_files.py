"""The command menu by scope and language, and files up and down."""

from typing import Any

import pytest
from telegram_server import LAN, MINH, TOKEN, Server

from sandbox.telegram.person import Person

MEGABYTE = 1024 * 1024


def menu(name: str) -> list[dict[str, str]]:
    return [{"command": name, "description": f"does {name}"}]


def set_menu(server: Server, name: str, language: str = "", **scope: Any) -> None:
    given: dict[str, Any] = {"scope": scope} if scope else {}
    assert server.call("setMyCommands", commands=menu(name), language_code=language, **given).result is True


def test_the_narrowest_scope_shows_and_in_it_the_own_language(server: Server, lan: Person) -> None:
    """Chat before all private chats before default; each first in the person's language."""
    set_menu(server, "default")
    assert lan.commands() == menu("default")
    set_menu(server, "default_vi", "vi")
    assert lan.commands() == menu("default_vi")
    set_menu(server, "private", type="all_private_chats")
    assert lan.commands() == menu("private")
    set_menu(server, "chat", type="chat", chat_id=LAN)
    assert lan.commands() == menu("chat")
    set_menu(server, "chat_vi", "vi", type="chat", chat_id=LAN)
    assert lan.commands() == menu("chat_vi")
    assert server.person(MINH, "Minh").commands() == menu("private")


def test_get_answers_one_list_only(server: Server, lan: Person) -> None:
    """getMyCommands does not fall back; deleting lets the wider list show again."""
    set_menu(server, "default")
    scope: dict[str, Any] = {"type": "chat", "chat_id": LAN}
    set_menu(server, "chat", **scope)
    assert server.call("getMyCommands").result == menu("default")
    assert server.call("getMyCommands", language_code="vi").result == []
    assert server.call("getMyCommands", scope=scope).result == menu("chat")
    assert server.call("deleteMyCommands", scope=scope).result is True
    assert lan.commands() == menu("default")
    assert len(server.request("/_sandbox/telegram/commands").body) == 1


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"commands": menu("Start")}, "BOT_COMMAND_INVALID"),
        ({"commands": menu("gửi")}, "BOT_COMMAND_INVALID"),
        ({"commands": menu("x" * 33)}, "BOT_COMMAND_INVALID"),
        ({"commands": [{"command": "x", "description": ""}]}, "BOT_COMMAND_DESCRIPTION_INVALID"),
        ({"commands": menu("x") * 101}, "BOT_COMMANDS_TOO_MUCH"),
        ({"commands": menu("x"), "language_code": "vie"}, "invalid language code specified"),
        ({"commands": menu("x"), "scope": {"type": "chat", "chat_id": 5}}, "chat not found"),
        (
            {"commands": menu("x"), "scope": {"type": "moon"}},
            "can't parse BotCommandScope: Unsupported type specified",
        ),
    ],
)
def test_a_wrong_menu_is_refused(server: Server, parameters: dict[str, Any], reason: str) -> None:
    """And the menu before it stays."""
    assert server.call("setMyCommands", **parameters).refusal == f"Bad Request: {reason}"
    assert server.request("/_sandbox/telegram/commands").body == []


def upload(server: Server, data: bytes, name: str = "a.csv", **fields: object) -> Any:
    """sendDocument with a file, as a browser form would."""
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in {"chat_id": LAN, **fields}.items()
    ]
    head = f'--b\r\nContent-Disposition: form-data; name="document"; filename="{name}"\r\n'
    body = b"".join([*parts, head.encode(), b"Content-Type: text/csv\r\n\r\n", data, b"\r\n--b--\r\n"])
    return server.request(f"/telegram/bot{TOKEN}/sendDocument", body, "multipart/form-data; boundary=b")


def test_a_document_arrives_with_caption_and_buttons(server: Server, lan: Person) -> None:
    """The person can open it; its caption can be edited, its text cannot."""
    message = upload(server, b"a,b\r\n1,2\r\n", "khách.csv", caption="<b>xong</b>", parse_mode="HTML").result
    seen = lan.last()
    assert (seen["file"]["file_name"], seen["file"]["mime_type"]) == ("khách.csv", "text/csv")
    assert (seen["html"], lan.download(seen)) == ("<b>xong</b>", b"a,b\r\n1,2\r\n")
    where = {"chat_id": LAN, "message_id": message["message_id"]}
    assert server.call("editMessageCaption", caption="mới", **where).result["caption"] == "mới"
    refusal = server.call("editMessageText", text="x", **where).refusal
    assert refusal == "Bad Request: there is no text in the message to edit"


def test_a_file_sent_before_can_be_sent_by_its_id(server: Server, lan: Person) -> None:
    """An id of the right kind works, an address or a stranger's id does not."""
    file_id = upload(server, b"x").result["document"]["file_id"]
    assert server.call("sendDocument", chat_id=LAN, document=file_id).status == 200
    for method, name, value in (
        ("sendPhoto", "photo", file_id),
        ("sendDocument", "document", "https://example.vn/x.csv"),
    ):
        refusal = server.call(method, chat_id=LAN, **{name: value}).refusal
        assert refusal == "Bad Request: wrong file identifier/HTTP URL specified"
    assert "there is no document" in server.call("sendDocument", chat_id=LAN).refusal


def test_long_captions_and_empty_files_are_refused(server: Server, lan: Person) -> None:
    """Before anything reaches the chat."""
    assert upload(server, b"x", caption="y" * 1025).refusal == "Bad Request: message caption is too long"
    assert upload(server, b"").refusal == "Bad Request: file must be non-empty"
    assert len(lan.chat()) == 1


def test_bots_download_twenty_megabytes_and_no_more(server: Server, lan: Person) -> None:
    """A person may send more; the bot learns its size and is refused the bytes."""
    lan.send_document("big.csv", b"x" * (20 * MEGABYTE + 1))
    document = server.call("getUpdates").result[-1]["message"]["document"]
    assert document["file_size"] == 20 * MEGABYTE + 1
    assert server.call("getFile", file_id=document["file_id"]).refusal == "Bad Request: file is too big"
    lan.send_document("fits.csv", b"x" * (20 * MEGABYTE))
    file_id = server.call("getUpdates").result[-1]["message"]["document"]["file_id"]
    path = server.call("getFile", file_id=file_id).result["file_path"]
    assert len(server.request(f"/telegram/file/bot{TOKEN}/{path}").body) == 20 * MEGABYTE


def test_bots_upload_fifty_megabytes_and_no_more(server: Server, lan: Person) -> None:
    """413 above, said after the whole body was read, so that the client can hear it."""
    assert upload(server, b"x" * (50 * MEGABYTE)).status == 200
    answer = upload(server, b"x" * (50 * MEGABYTE + 1))
    assert (answer.status, answer.refusal) == (413, "Request Entity Too Large")


@pytest.mark.parametrize("path", ["documents/none.csv", "../state"])
def test_only_known_paths_can_be_downloaded(server: Server, path: str) -> None:
    """404 with Telegram's body, and 401 for a wrong token."""
    assert server.request(f"/telegram/file/bot{TOKEN}/{path}").status == 404
    assert server.request("/telegram/file/botx/documents/none.csv").status == 401
    assert server.call("getFile", file_id="none").status == 400
