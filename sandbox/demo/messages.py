"""The acts of every day: customers come, are found, get messages."""

from __future__ import annotations

import struct
import zlib
from typing import Any

from sandbox.demo.stage import Missed, Stage
from sandbox.telegram.person import Seen

APPOINTMENT = "300111"
MINH_ANH = "4219935181909378001"  # follows and writes during the story
LATE_USER = "4219935181909378003"  # wrote eleven days ago


def somebody_wrote_long_ago(stage: Stage) -> None:
    """Before the story: one follower whose last message is too old to answer."""
    stage.control("users", {"user_id": LATE_USER, "display_name": "Quốc Bảo", "is_follower": True})
    stage.control("users", {"user_id": LATE_USER, "last_interaction": _days_ago(stage, 11)})


def customers_come(stage: Stage) -> None:
    """Somebody follows, writes and sends her number; somebody else leaves."""
    stage.control("users", {"user_id": MINH_ANH, "display_name": "Trần Minh Anh", "phone": "84908128812"})
    stage.transcript.note(
        "Minh Anh follows the OA, writes, and sends her number with Zalo's form; somebody else leaves"
    )
    leaver = next(row["user_id"] for row in _people(stage) if row["user_id"] not in {MINH_ANH, LATE_USER})
    stage.customer("follow", user_id=MINH_ANH)
    stage.customer("user_send_text", user_id=MINH_ANH, text="Shop ơi mai còn chỗ 9h không ạ?")
    info = {"name": "Trần Minh Anh", "phone": "84908128812", "address": "12 Lê Lợi"}
    stage.customer("user_submit_info", user_id=MINH_ANH, info=info)
    stage.customer("unfollow", user_id=leaver)
    stage.until(lambda: _person(stage, MINH_ANH).get("display_name"), "Minh Anh is on the list, with her profile")
    stage.until(lambda: _person(stage, leaver).get("is_follower") is False, "the one who left is known to have left")
    stage.until(lambda: _person(stage, MINH_ANH).get("phone"), "her number is in her profile")


def look_people_up(stage: Stage) -> None:
    """The list, and one of them by a name without accents."""
    stage.say("/khach", "/followers")
    stage.see("Trần Minh Anh", "the follower list")
    stage.say("/khach minh anh", "/find minh anh")
    stage.see("8812", "found by name without accents; her number is masked")


def zns(stage: Stage) -> None:
    """A template message to a phone number, charged and received."""
    line = f'/zns 0901234567 {APPOINTMENT} customer_name="Nguyễn Thị Lan"'
    _fill(stage, stage.hoa.say(line))
    stage.tap("button.yes_money")
    stage.see(_state(stage, "sent"), "sent: the preview itself became the result")
    stage.see(_state(stage, "delivered"), "delivered: the receipt is on the same message")
    accepted = stage.control("messages")
    if [row["recipient"] for row in accepted] != ["84901234567"]:
        raise Missed(f"Zalo accepted {accepted}, and not one ZNS to one number")
    stage.saw("Zalo accepted exactly one message")


def _fill(stage: Stage, typed: int) -> None:
    """Answer what the template still asks, with Zalo's own sample, until the preview stands below message `typed`."""
    samples = next(t["sample"] for t in stage.machine.ready["templates"] if t["template_id"] == APPOINTMENT)
    preview, question = stage.words("button.yes_money"), stage.words.middle("zns.ask_param")

    def is_preview(message: Seen) -> bool:
        return preview in _buttons(message)

    for name in samples:
        # An answer's screen comes below it; the one above is edited too, when it loses its buttons.
        below = typed
        shown = stage.wait(lambda m: m["message_id"] > below and (is_preview(m) or question in m["text"]))  # noqa: B023
        if is_preview(shown):
            break
        asked = next((each for each in samples if each in shown["text"].rpartition(question)[2]), name)
        stage.saw(f"asked for {asked}, with its rule")
        typed = stage.hoa.say(samples[asked])
    stage.see(is_preview, "the preview: to whom, which template, what it costs, in which mode")


def text(stage: Stage) -> None:
    """A consultation message to one person."""
    stage.say("/gui minh anh", "/send minh anh")
    stage.see(stage.words("button.way_cs"), "who first, then how: the ways that are open now")
    stage.hoa.tap(f"1 {stage.words('button.way_cs')}")
    stage.see_text("send.ask_content", "what to send?")
    stage.hoa.say("Dạ mai 9h còn chỗ ạ, em giữ chỗ cho chị nhé.")
    stage.see(stage.words("button.yes"), "the preview, with the OA's name on the button")
    stage.tap("button.yes")
    stage.see(_state(stage, "seen"), "sent, delivered and seen, all on one message")


def image(stage: Stage) -> None:
    """A photo, sent to the bot first."""
    stage.hoa.send_photo(_picture(), caption="Bảng giá tháng 11")
    stage.see_text("send.ask_who", "a photo with no form open: for whom?")
    stage.hoa.say("0908128812")
    stage.see(stage.words("button.yes"), "found by phone; the preview")
    stage.tap("button.yes")
    stage.see(_state(stage, "seen"), "the picture arrived and was seen")


def refusal(stage: Stage) -> None:
    """What Zalo would refuse never leaves."""
    accepted = len(stage.control("messages"))
    stage.say("/gui quoc bao", "/send quoc bao")
    stage.see_text("send.not_now", "he wrote eleven days ago: the screen says which ways are closed, and why")
    stage.hoa.say("Chào anh Bảo, spa có lịch mới ạ")
    stage.see_text("error.send.window_closed.what", "refused before anything left, with the reason")
    if len(stage.control("messages")) != accepted:
        raise Missed("a refused message left all the same")
    stage.saw("nothing left")
    stage.tap("button.cancel")
    stage.see_text("cancel.done", "dropped")


def renewal(stage: Stage) -> None:
    """The access token is over; nobody notices."""
    before = _tokens(stage)
    stage.control("tokens/expire", {"oa_id": stage.oa["oa_id"]})
    stage.transcript.note("Zalo lets the access token expire, a day ahead of time")
    words = "Em nhắn để chị yên tâm là lịch vẫn giữ ạ"
    stage.say(f"/gui 0908128812 {words}", f"/send 0908128812 {words}")
    stage.see(stage.words("button.yes"), "the preview")
    stage.tap("button.yes")
    stage.see(_state(stage, "seen"), "the message went out all the same")
    if _tokens(stage) == before:
        raise Missed("the tokens were not renewed")
    stage.saw("both tokens were renewed on the way, once")
    stage.hoa.say("/oa hoa mai")
    stage.see(stage.oa["oa_id"], "the card says when it was renewed, and when next")


def _state(stage: Stage, state: str) -> str:
    return stage.words(f"state.{state}")


def _buttons(message: Seen) -> str:
    return "\n".join(button["text"] for row in message["keyboard"] for button in row)


def _people(stage: Stage) -> list[dict[str, Any]]:
    return stage.listed("followers", "--oa", stage.oa["oa_id"])


def _person(stage: Stage, user_id: str) -> dict[str, Any]:
    return next((row for row in _people(stage) if row["user_id"] == user_id), {})


def _tokens(stage: Stage) -> Any:
    state = stage.control("state")
    return next((oa["access_token"], oa["refresh_token"]) for oa in state["oas"] if oa["oa_id"] == stage.oa["oa_id"])


def _days_ago(stage: Stage, days: int) -> int:
    now: int = stage.control("state")["clock"]["now_ms"]
    return now - days * 86_400_000


def _picture(width: int = 320, height: int = 180) -> bytes:
    """A PNG of two colours, made here so that no file has to be shipped."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + (b"\xe9\x6a\x8d" if y < height // 2 else b"\xff\xf4\xe0") * width for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
