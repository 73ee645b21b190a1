"""The acts of every day: customers come, are found, get messages."""

from __future__ import annotations

from typing import Any

from sandbox.demo.filling import fill
from sandbox.demo.stage import Missed, Stage

APPOINTMENT = "300111"
MINH_ANH = "4219935181909378001"  # follows and writes during the story
MINH_ANH_NAME = "Trần Minh Anh"
LATE_USER = "4219935181909378003"  # wrote eleven days ago
LATE_NAME = "Quốc Bảo"


def somebody_wrote_long_ago(stage: Stage) -> None:
    """Before the story: one follower whose last message is too old to answer."""
    stage.control("users", {"user_id": LATE_USER, "display_name": LATE_NAME, "is_follower": True})
    stage.control("users", {"user_id": LATE_USER, "last_interaction": _days_ago(stage, 11)})


def customers_come(stage: Stage) -> None:
    """Somebody follows, writes and sends her number; somebody else leaves."""
    stage.control("users", {"user_id": MINH_ANH, "display_name": MINH_ANH_NAME, "phone": "84908128812"})
    stage.transcript.note(
        "Minh Anh follows the OA, writes, and sends her number with Zalo's form; somebody else leaves"
    )
    leaver = next(row["user_id"] for row in _people(stage) if row["user_id"] not in {MINH_ANH, LATE_USER})
    stage.customer("follow", user_id=MINH_ANH)
    stage.customer("user_send_text", user_id=MINH_ANH, text="Shop ơi mai còn chỗ 9h không ạ?")
    info = {"name": MINH_ANH_NAME, "phone": "84908128812", "address": "12 Lê Lợi"}
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
    preview = fill(stage, APPOINTMENT, stage.hoa.say(line))
    stage.tap("button.yes_money")
    stage.see_on(preview, state(stage, "sent"), "sent: the preview itself became the result")
    stage.see_on(preview, state(stage, "delivered"), "delivered: the receipt is on the same message")
    accepted = stage.control("messages")
    if [row["recipient"] for row in accepted] != ["84901234567"]:
        raise Missed(f"Zalo accepted {accepted}, and not one ZNS to one number")
    stage.saw("Zalo accepted exactly one message")


def renewal(stage: Stage) -> None:
    """The access token is over; nobody notices."""
    before = _tokens(stage)
    stage.control("tokens/expire", {"oa_id": stage.oa["oa_id"]})
    stage.transcript.note("Zalo lets the access token expire, a day ahead of time")
    words = "Em nhắn để chị yên tâm là lịch vẫn giữ ạ"
    stage.say(f"/gui 0908128812 {words}", f"/send 0908128812 {words}")
    stage.see(stage.words("button.yes"), "the preview")
    stage.tap("button.yes")
    stage.see(state(stage, "seen"), "the message went out all the same")
    if _tokens(stage) == before:
        raise Missed("the tokens were not renewed")
    stage.saw("both tokens were renewed on the way, once")
    stage.hoa.say("/oa hoa mai")
    stage.see(stage.oa["oa_id"], "the card says when it was renewed, and when next")


def state(stage: Stage, name: str) -> str:
    """The word for a message's state, as it stands under the message."""
    return stage.words(f"state.{name}")


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
