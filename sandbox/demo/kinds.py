"""The kinds of messages to one follower, each compared with what arrived at Zalo; and one that Zalo would refuse."""

from __future__ import annotations

import struct
import zlib
from typing import Any

from sandbox.demo.filling import choose, fill
from sandbox.demo.messages import APPOINTMENT, LATE_NAME, LATE_USER, MINH_ANH, MINH_ANH_NAME, state
from sandbox.demo.stage import Missed, Stage
from sandbox.telegram.person import Seen, labels

PROMOTION = "300114"
ANSWER = "Dạ mai 9h còn chỗ ạ, em giữ chỗ cho chị nhé."


def text(stage: Stage) -> None:
    """A consultation message with a button under it."""
    before = len(stage.accepted())
    _open(stage, "minh anh")
    stage.tap_holding(stage.words("button.way_cs"))
    stage.see_text("send.ask_content", "what to send?")
    stage.hoa.say(f"{ANSWER}\n[Xem lịch] #lich")
    preview = stage.see(stage.words("button.yes"), "the preview, with the OA's name on the button")
    stage.tap("button.yes")
    message = stage.arrives(before, "cs", MINH_ANH, "Zalo has it")["body"]["message"]
    button = {"title": "Xem lịch", "type": "oa.query.show", "payload": "#lich"}
    _same(stage, [message["text"], *message["attachment"]["payload"]["buttons"]], [ANSWER, button], "words and button")
    stage.see_on(preview, state(stage, "seen"), "sent, delivered and seen, all on one message")


def image(stage: Stage) -> None:
    """A photo, sent to the bot first."""
    before = len(stage.accepted())
    stage.hoa.send_photo(_picture(), caption="Bảng giá tháng 11")
    stage.see_text("send.ask_who", "a photo with no form open: for whom?")
    stage.hoa.say("0908128812")
    preview = stage.see(stage.words("button.yes"), "found by phone; the preview")
    stage.tap("button.yes")
    message = stage.arrives(before, "cs", MINH_ANH, "Zalo has it")["body"]["message"]
    element = message["attachment"]["payload"]["elements"][0]
    _same(stage, (message["text"], element["media_type"]), ("Bảng giá tháng 11", "image"), "caption and picture")
    stage.see_on(preview, state(stage, "seen"), "the picture arrived and was seen")


def form(stage: Stage) -> None:
    """The form that asks for her data, and her answer."""
    before = len(stage.accepted())
    _open(stage, "minh anh")
    stage.tap_holding(stage.words("button.way_form"))
    for field in ("title", "subtitle", "picture"):
        asked = stage.see_text(f"info_form.ask_{field}", f"the form's {field}, with a proposal")
        stage.hoa.tap(labels(asked)[0], asked["message_id"])
    preview = stage.see(stage.words("button.yes"), "the preview of the form")
    stage.tap("button.yes")
    message = stage.arrives(before, "cs", MINH_ANH, "Zalo has it")["body"]["message"]
    _same(stage, message["attachment"]["payload"]["template_type"], "request_user_info", "a form")
    stage.see_on(preview, state(stage, "seen"), "she has seen it")
    stage.hoa.mark()
    stage.transcript.note("Minh Anh fills the form in and sends it")
    stage.control("answer_form", {"user_id": MINH_ANH, "oa_id": stage.oa["oa_id"]})
    stage.see_text("notice.form_asked", "who sent the form is told of the answer")


def transaction(stage: Stage) -> None:
    """A transaction message: an approved template to the user id."""
    _by_template(stage, APPOINTMENT, "Xác nhận lịch hẹn")


def media(stage: Stage) -> None:
    """A media message: a promotion template to the user id. In the evening and at night it waits for the morning."""
    if 8 <= stage.hour() < 21:
        _by_template(stage, PROMOTION, "Ưu đãi khách quen")
        return
    before = len(stage.accepted())
    _open(stage, "minh anh")
    stage.tap_holding(stage.words("button.way_uid"))
    choose(stage, "Ưu đãi khách quen")
    preview = fill(stage, PROMOTION, 0, MINH_ANH_NAME)
    if stage.words.middle("preview.later") not in preview["text"]:
        raise Missed(f"not seen: that it leaves in the morning\n{preview['text']}")
    stage.saw("no hour for advertising in Vietnam: the preview says when it would leave by itself")
    stage.tap("button.yes_money")
    stage.see(stage.words("button.take_back"), "it waits, and can still be taken back")
    stage.tap("button.take_back")
    stage.see_on(preview, state(stage, "cancelled"), "taken back")
    _same(stage, len(stage.accepted()), before, "nothing of it")


def older(stage: Stage) -> None:
    """A transaction message in the older free form, for an OA that can still send it: the sample as it stands."""
    stage.transcript.note("At this OA Zalo still takes the older form")
    stage.control(f"oas/{stage.oa['oa_id']}", {"old_messages": "alive"})
    _write_by(stage, "button.uid_api_legacy", "what can be changed about the OA")
    before = len(stage.accepted())
    _open(stage, "minh anh")
    stage.tap_holding(stage.words("button.way_transaction"))
    stage.see_text("document.ask_transaction", "what to write, with a sample to copy")
    stage.hoa.say(stage.words.whole("document.sample_transaction"))
    preview = stage.see(stage.words("button.yes"), "the preview, line by line checked")
    stage.tap("button.yes")
    body = stage.arrives(before, "transaction", MINH_ANH, "Zalo has it")["body"]
    payload = body["message"]["attachment"]["payload"]
    _same(
        stage, (payload["template_type"], len(payload["buttons"])), ("transaction_booking", 2), "a booking, two buttons"
    )
    stage.see_on(preview, state(stage, "delivered"), "delivered")
    _write_by(stage, "button.uid_api_template", "back to approved templates, which is how it goes by now")
    stage.see(stage.words("button.uid_api_legacy"), "the older form is switched off again")


def _write_by(stage: Stage, button: str, what: str) -> None:
    """Switch between the older free form and approved templates on the OA's card."""
    stage.hoa.mark()
    stage.hoa.say(f"/oa {stage.oa['oa_id']}")
    stage.see(stage.words("button.edit"), "the card")
    stage.tap("button.edit")
    stage.see(stage.words(button), what)
    stage.hoa.mark()
    stage.tap(button)


def refusal(stage: Stage) -> None:
    """What Zalo would refuse never leaves; the other way is taken."""
    before = len(stage.accepted())
    _open(stage, "quoc bao")
    stage.hoa.say("Chào anh Bảo, spa có lịch mới ạ")
    stage.see_text("error.send.window_closed.what", "refused before anything left, with the reason")
    _same(stage, len(stage.accepted()), before, "nothing left")
    stage.hoa.mark()
    stage.tap_holding(stage.words("button.way_uid"))
    choose(stage, "Xác nhận lịch hẹn")
    _send_template(stage, LATE_USER, LATE_NAME, APPOINTMENT)


def _by_template(stage: Stage, template_id: str, name: str) -> None:
    _open(stage, "minh anh")
    stage.tap_holding(stage.words("button.way_uid"))
    choose(stage, name)
    _send_template(stage, MINH_ANH, MINH_ANH_NAME, template_id)


def _send_template(stage: Stage, user_id: str, customer: str, template_id: str) -> None:
    before = len(stage.accepted())
    preview = fill(stage, template_id, 0, customer)
    stage.tap("button.yes_money")
    body = stage.arrives(before, "uid", user_id, "Zalo has it")["body"]
    _same(stage, (body["user_id"], body["template_id"]), (user_id, template_id), "the template, to the user id")
    _same(stage, body["template_data"]["customer_name"], customer, "who it is for, by their own name")
    stage.see_on(preview, state(stage, "delivered"), "delivered, and charged now")


def _open(stage: Stage, who: str) -> Seen:
    stage.say(f"/gui {who}", f"/send {who}")
    return stage.see(lambda message: any(_numbered(label) for label in labels(message)), "the ways, cheapest first")


def _numbered(label: str) -> bool:
    return label[:2] == "1 "


def _same(stage: Stage, found: Any, wanted: Any, what: str) -> None:
    if found != wanted:
        raise Missed(f"at Zalo: {what}: {found!r}, and not {wanted!r}")
    stage.saw(f"at Zalo: {what}")


def _picture(width: int = 320, height: int = 180) -> bytes:
    """A PNG of two colours, made here so that no file has to be shipped."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + (b"\xe9\x6a\x8d" if y < height // 2 else b"\xff\xf4\xe0") * width for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
